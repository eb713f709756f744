"""Imitation: its loss against a loop, its randomness, its errors, and a killed run."""

import pytest
import torch

from data_gen.environment import Environment
from data_gen.paths.tasks.shortest_path import ShortestPath
from data_gen.tours.tasks.tour import Tour
from experiments.learning.imitation import Imitation
from experiments.learning.learner import Update
from experiments.run.batches import CachedBatches
from experiments.run.fit import Fit
from experiments.settings.errors import UserError
from experiments.settings.training import Training
from experiments.train import train
from tests.conftest import composed, study
from tests.data_gen.test_tours import TASK, batch_of
from tests.experiments.test_train import NAMED, assert_same_run, kill_when, places, run_folder

STEPS = 100


def learner(**arguments):
    return Imitation(TASK, Training(sizes=[5], num_steps=STEPS), **arguments)


def network():
    torch.manual_seed(3)
    return study("task=tour", "model=linear").build_model()


def total(parts):
    ((part,),) = parts
    return part.mean


def test_beta_falls_from_the_expert_to_the_model():
    assert learner().beta(0) == 1
    assert learner().beta(25) == pytest.approx(0.5)
    assert learner().beta(50) == learner().beta(99) == 0
    assert learner(falls_over=0).beta(0) == 0


def test_on_episodes_of_the_expert_the_loss_equals_a_loop_over_graphs():
    """The first choice may start either direction; after it a single tour is best."""
    model, batch, environment = network(), batch_of(4, 6, 3, seed=6), TASK.environment
    loss = total(learner(falls_over=1).parts(model, batch, Update(0, 0)))
    alone = []
    for instance in batch.to_data_list():
        single = type(batch).from_data_list([instance])
        ways = []
        order = instance.tour_place.argsort().tolist()
        for path in (order[1:], order[:0:-1]):
            state, of_path = environment.start(single), []
            for node in path:
                logits = model(environment.observe(state)).x.squeeze(1)
                logits = logits.masked_fill(~environment.allowed(state), -torch.inf)
                right = [path[0], path[-1]] if state.here == state.start else [node]
                of_path.append(-logits.log_softmax(0)[right].logsumexp(0))
                state = environment.apply(state, torch.tensor([node]))
            ways.append(torch.stack(of_path).mean())
        alone.append(ways)
    possible = [
        torch.stack([alone[0][a], alone[1][b], alone[2][c]]).mean()
        for a in (0, 1) for b in (0, 1) for c in (0, 1)
    ]  # fmt: skip
    assert any(torch.isclose(loss, each, rtol=1e-5) for each in possible)


def test_an_update_is_a_function_of_its_number_and_has_a_gradient():
    model, batch = network(), batch_of(6, 8, 7, seed=2)
    losses = []
    for before in (0, 5):
        torch.rand(before)
        losses += [total(learner().parts(model, batch, Update(0, step))) for step in (60, 61)]
    assert losses[0] == losses[2]
    assert losses[1] == losses[3]
    assert losses[0] != losses[1]
    assert losses[0] != total(learner().parts(model, batch, Update(1, 60)))
    losses[0].backward()
    assert all(p.grad.isfinite().all() for p in model.parameters())


class WithoutExpert(Tour):
    environment = type("Rules", (Environment,), dict.fromkeys(Environment.__abstractmethods__))()


def test_a_task_without_steps_or_with_too_large_instances_is_refused_in_one_line():
    with pytest.raises(
        UserError, match=r"task must be one that is solved step by step .*, got 'Shortest"
    ):
        Imitation(ShortestPath(), Training(sizes=[5]))
    with pytest.raises(UserError, match=r"task must be one with an expert .*, got 'WithoutExpert"):
        Imitation(WithoutExpert(), Training(sizes=[5]))
    with pytest.raises(UserError, match="falls_over must be a number from 0 to 1, got 2"):
        learner(falls_over=2)
    with pytest.raises(UserError, match=r"train.sizes: a tour must .* at most 16 .* got 17"):
        learner().parts(network(), batch_of(17), Update(0, 0))


def test_a_resumed_training_has_the_same_weights(tmp_path):
    parts = study(
        "task=tour", "learning=imitation", "model=deep_sets", "train.num_steps=8",
        "train.sizes=[4,5]", "train.num_instances=64", f"machine.data_dir={tmp_path}",
    )  # fmt: skip

    def fit():
        torch.manual_seed(0)
        data = CachedBatches(parts.settings, parts.train_set.load(), parts.task, group_size=1)
        return Fit(parts, parts.build_model(), data)

    whole, first, second = fit(), fit(), fit()
    for whole.step in range(8):
        whole.update()
    for first.step in range(5):
        first.update()
    second.model.load_state_dict(first.model.state_dict())
    second.optimizer.load_state_dict(first.optimizer.state_dict())
    for second.step in range(5, 8):
        second.update()
    for name, value in whole.model.state_dict().items():
        assert torch.equal(value, second.model.state_dict()[name]), name


@pytest.mark.slow
def test_a_killed_run_of_imitation_ends_with_the_same_bytes(tmp_path):
    tiny = [
        "task=tour", "learning=imitation", "model=deep_sets", "label=tiny", "train.num_steps=60",
        "train.sizes=[4,5]", "train.num_instances=64", "val.num_instances=16", "val.every=20",
        "transfer.num_instances=8", "transfer.sizes=[5,8]", "machine.save_every=10", NAMED,
    ]  # fmt: skip
    train(composed(*tiny, *places(tmp_path)))
    reference = run_folder(tmp_path)
    killed, elsewhere = tmp_path / "killed", places(tmp_path, "killed", "killed_data")
    kill_when(lambda: list(killed.glob("default/*/state/*.pt")), *tiny, *elsewhere)
    assert not list(killed.glob("default/*/DONE"))
    train(composed(*tiny, *elsewhere))
    assert_same_run(reference, run_folder(tmp_path, "killed"))
