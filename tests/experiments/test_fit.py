import json
from copy import copy

import numpy as np
import pytest
import torch

from data_gen.dataset import DataSet
from data_gen.packed import Packed
from data_gen.paths.tasks.shortest_path import ShortestPath
from experiments.learning.learner import Update
from experiments.learning.supervised import Supervised, num_message_passing_steps
from experiments.run import curve
from experiments.run.batches import CachedBatches
from experiments.run.evaluation import score_instances
from experiments.run.fit import Fit
from experiments.run.folder import RunFolder
from experiments.run.selection import Objective
from experiments.run.steps import answer_by
from experiments.settings.errors import UserError
from experiments.settings.training import Schedule, Training
from tests.conftest import instances, study


def training(**settings):
    return Training(sizes=[8], **settings)


def test_the_number_of_steps_is_drawn_from_the_whole_range():
    drawn = [num_message_passing_steps([3, 5], Update(0, step)) for step in range(100)]
    assert set(drawn) == {3, 4, 5}
    assert drawn == [num_message_passing_steps([3, 5], Update(0, step, 1)) for step in range(100)]
    assert num_message_passing_steps(None, Update(0, 0)) is None


def test_the_learning_rate_warms_up_and_falls_to_nothing():
    rising = training(num_steps=100, schedule=Schedule(warmup_steps=10))
    rates = [rising.rate(step) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert np.argmax(rates) == 9
    assert rates[-1] < 0.005
    constant = training(num_steps=100, schedule=Schedule(shape="constant"))
    assert constant.rate(99) == pytest.approx(1.0)


def batches(parts):
    return CachedBatches(parts.settings, parts.train_set.load(), parts.task, group_size=1)


def fitted(tmp_path, *overrides):
    parts = study(f"machine.data_dir={tmp_path}", "train.num_instances=8", "train.batch_size=8",
                  "val.num_instances=8", *overrides)  # fmt: skip
    torch.manual_seed(0)
    model = parts.build_model()
    fit = Fit(parts, model, batches(parts))
    folder = RunFolder(tmp_path / "run")
    folder.path.mkdir(parents=True)
    fit.run(parts.train_set.load(), folder)
    trained = {name: value.clone() for name, value in model.state_dict().items()}
    folder.load_weights(model)
    return parts, model, fit, trained


@pytest.mark.slow
@pytest.mark.parametrize("model", ["encode_process_decode", "linear_messages"])
def test_a_model_can_overfit_eight_instances(tmp_path, model):
    parts, net, *_ = fitted(tmp_path, f"model={model}", "train.num_steps=400", "val.every=100",
                           "train.optimizer.lr=3e-3")  # fmt: skip
    data_set: DataSet = parts.train_set
    scores = parts.task.score(net, data_set.load().batch(range(8)))
    assert scores["valid"].mean() >= 0.85


def test_a_loss_that_is_not_finite_names_the_update_and_its_instances(tmp_path):
    with pytest.raises(UserError, match=r"in update \d+, training instances \[") as raised:
        fitted(tmp_path, "model=node_mlp", "train.num_steps=60", "train.optimizer.lr=1e30",
               "train.max_grad_norm=1e30", "train.schedule.warmup_steps=0")  # fmt: skip
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(("num_steps", "budget"), [(4, 2), (16, 0.5)])
def test_a_budget_multiplies_the_updates_and_their_schedule(tmp_path, num_steps, budget):
    asked = ["model=node_mlp", "val.every=4", "train.schedule.warmup_steps=2"]
    trained = [
        fitted(tmp_path / name, *asked, *updates)[3]
        for name, updates in {
            "plain": ["train.num_steps=8"],
            "budget": [f"train.num_steps={num_steps}", f"train.budget={budget}"],
        }.items()
    ]
    assert all(torch.equal(trained[0][name], trained[1][name]) for name in trained[0])


def test_an_update_is_the_same_whatever_was_drawn_before_it(tmp_path):
    parts = study("model=padded_mlp_random_slots", "task=shortest_path_next_hop",
                  "train.num_instances=8", f"machine.data_dir={tmp_path}")  # fmt: skip
    losses = []
    for before in range(2):
        torch.manual_seed(0)
        fit = Fit(parts, parts.build_model(), batches(parts))
        torch.rand(before)
        for fit.step in (0, 1):
            losses.append(float(fit.update()))
    assert losses[:2] == losses[2:]
    assert losses[0] != losses[1]


class TwoStates(ShortestPath):
    """A task whose loss uses the batch, and the same graphs with their edges doubled."""

    def loss_parts(self, model, batch):
        doubled = copy(batch)
        doubled.edge_attr = 2 * batch.edge_attr
        asked = [batch, doubled, doubled]
        return [part for of in asked for part in self.answer.loss_parts(model(of), of)]


@pytest.mark.parametrize("last", [1, 2])
def test_a_loss_may_use_a_second_state(last):
    task, graphs = instances("shortest_path_next_hop", 8, 4)
    task, batch = TwoStates(task.answer), Packed.pack(graphs).batch(range(4))
    torch.manual_seed(0)
    model = study("task=shortest_path_next_hop", "model=encode_process_decode").build_model()
    wanted = [task.loss(lambda b, n=n: model(b, n), batch) for n in range(3 - last + 1, 4)]
    learner = Supervised(task, training(num_message_passing_steps=3, loss_on_last_steps=last))
    parts = learner.parts(model, batch, Update(0, 0))
    loss = torch.stack([sum(part.mean for part in means) for means in parts]).mean()
    torch.testing.assert_close(loss, torch.stack(wanted).mean())
    gradients = [torch.autograd.grad(of, list(model.parameters()), allow_unused=True)
                 for of in (loss, torch.stack(wanted).mean())]  # fmt: skip
    for ours, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_averaged_weights_are_those_that_are_kept(tmp_path, precision):
    _, model, fit, trained = fitted(
        tmp_path, "model=linear_messages", "train.num_steps=6", "val.every=6",
        "train.ema_decay=0.5", f"train.precision={precision}",
    )  # fmt: skip
    assert fit.averaged is not None
    averaged = fit.averaged.module.state_dict()
    for name, kept in model.state_dict().items():
        assert torch.equal(kept, averaged[name])
    assert any(not torch.equal(value, averaged[name]) for name, value in trained.items())


@pytest.mark.gpu
@pytest.mark.parametrize("model", ["encode_process_decode", "linear_messages", "deep_sets"])
def test_a_gpu_and_the_cpu_train_equally(tmp_path, model):
    parts = study(f"machine.data_dir={tmp_path}", f"model={model}", "train.num_instances=32")
    torch.manual_seed(0)
    net = parts.build_model()
    packed = parts.train_set.load()
    on_cpu = parts.task.loss(net, packed.batch(range(32)))
    on_cpu.backward()
    gradients = [p.grad for p in net.parameters()]
    net.zero_grad()
    on_gpu = parts.task.loss(net.to("cuda"), packed.to("cuda").batch(range(32)))
    on_gpu.backward()
    torch.testing.assert_close(on_gpu.cpu(), on_cpu, rtol=1e-4, atol=1e-5)
    for gradient, parameter in zip(gradients, net.parameters(), strict=True):
        assert (gradient is None) == (parameter.grad is None)
        if gradient is not None and parameter.grad is not None:
            torch.testing.assert_close(parameter.grad.cpu(), gradient, rtol=1e-3, atol=1e-5)


class ByAccuracy(ShortestPath):
    """A task that selects the checkpoint with the best node accuracy."""

    selected_by = "node_accuracy"


def test_a_task_names_what_selects_the_checkpoint(tmp_path):
    """A higher score is better: the weights with the highest score are kept, whatever the loss."""
    parts = study(f"machine.data_dir={tmp_path}", "train.num_instances=8", "val.num_instances=8",
                  "model=node_mlp", "train.num_steps=60", "val.every=10")  # fmt: skip
    parts.task = ByAccuracy(parts.task.answer)
    torch.manual_seed(0)
    model = parts.build_model()
    folder = RunFolder(tmp_path / "run")
    folder.path.mkdir(parents=True)
    fit = Fit(parts, model, batches(parts))
    fit.run(parts.val_set.load(), folder)
    assert fit.selection.objective == Objective("node_accuracy", -1)
    lines = [json.loads(line) for line in folder.metrics_path.read_text().splitlines()]
    scores = [line["val/node_accuracy"] for line in lines]
    assert len(set(scores)) > 1
    assert max(scores) == curve.best(folder.metrics_path, "node_accuracy", -1)
    folder.load_weights(model)
    kept = score_instances(parts.task, answer_by("", model, parts.task, 0), parts.val_set.load())
    assert kept["node_accuracy"].mean() == pytest.approx(max(scores))


@pytest.mark.parametrize("metric", ["nope", "graph_hops"])
def test_what_selects_must_be_a_metric_that_answers_change(metric):
    with pytest.raises(UserError, match=f"must be one of loss, valid, .* got '{metric}'"):
        Objective.of(ShortestPath(), metric)


def test_a_state_saved_before_selection_existed_is_resumed(tmp_path):
    parts = study(f"machine.data_dir={tmp_path}", "train.num_instances=8", "val.num_instances=8",
                  "model=node_mlp", "train.num_steps=4", "val.every=2")  # fmt: skip
    model, folder = parts.build_model(), RunFolder(tmp_path / "run")
    folder.path.mkdir(parents=True)
    fit = Fit(parts, model, batches(parts))
    state = fit._state()
    best = {name: value + 1 for name, value in state.pop("selection")["weights"].items()}
    del state["learner"]
    folder.save_state(2, {**state, "step": 2, "best_loss": -1.0, "best_weights": best})
    resumed = Fit(parts, model, batches(parts))
    resumed.run(parts.val_set.load(), folder)
    assert resumed.step == 4
    assert resumed.selection.best == -1.0
    folder.load_weights(model)
    assert all(torch.equal(value, best[name]) for name, value in model.state_dict().items())
