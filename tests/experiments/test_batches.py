import multiprocessing
import os
import signal

import numpy as np
import pytest
import torch

from data_gen.cell import Cell
from data_gen.packed import Packed
from experiments.run.batches import CachedBatches
from experiments.run.fit import Fit
from experiments.run.folder import RunFolder
from experiments.run.training import batches_of
from experiments.settings.errors import UserError
from tests.conftest import composed, study


def sets_of_sizes(num_nodes):
    """Make a data set of which only the numbers of nodes matter."""
    pointers = torch.tensor([0, *np.cumsum(num_nodes)])
    return Packed({}, pointers, torch.zeros_like(pointers))


def cached(num_nodes, group_size, *overrides):
    return CachedBatches(composed(*overrides), sets_of_sizes(num_nodes), None, group_size)


def epoch_of(batches, number, length):
    return [batches.indices(length * number + place).tolist() for place in range(length)]


def test_an_epoch_takes_every_instance_once_in_an_order_of_its_own():
    batches = cached([1] * 32, 1, "train.batch_size=8")
    epochs = [np.concatenate(epoch_of(batches, number, 4)).tolist() for number in (0, 1)]
    assert [sorted(epoch) for epoch in epochs] == [list(range(32))] * 2
    assert epochs[0] != epochs[1]
    other = cached([1] * 32, 1, "train.batch_size=8", "seed=1")
    assert other.indices(0).tolist() != batches.indices(0).tolist()


def test_the_order_of_single_instances_is_that_of_the_published_runs():
    """The expected order dates from before groups existed; published results depend on it."""
    batches = cached([1] * 10, 1, "train.batch_size=4", "seed=3")
    assert [batches.indices(step).tolist() for step in (0, 1, 2, 7)] == [
        [3, 8, 9, 7], [4, 6, 1, 2], [6, 5, 3, 1], [0, 3, 4, 1],
    ]  # fmt: skip
    assert batches.indices(0).dtype == torch.int64


@pytest.mark.parametrize(("batch_size", "size"), [(8, 8), (9, 8), (1, 2), (64, 24)])
def test_groups_stay_together(batch_size, size):
    batches = cached([1] * 24, 2, f"train.batch_size={batch_size}")
    epochs = [epoch_of(batches, number, 24 // size) for number in (0, 1)]
    for epoch in epochs:
        assert {len(batch) for batch in epoch} == {size}
        assert sorted(index for batch in epoch for index in batch) == list(range(24))
        for batch in epoch:
            assert all(first % 2 == 0 for first in batch[::2])
            assert batch[1::2] == [first + 1 for first in batch[::2]]
    assert epochs[0] != epochs[1]


def test_an_incomplete_last_group_is_taken_as_it_is():
    epoch = epoch_of(cached([1] * 7, 3, "train.batch_size=3"), 0, 3)
    assert sorted(epoch) == [[0, 1, 2], [3, 4, 5], [6]]


def test_a_curriculum_grows_from_the_smallest_to_all():
    num_nodes = np.random.default_rng(0).permutation(np.repeat(np.arange(2, 52), 2))
    curriculum = ["train.curriculum.num_steps=400", "train.curriculum.start=.2"]
    batches = cached(num_nodes, 1, "train.batch_size=10", *curriculum)
    pools = [batches.pool_size(step) for step in range(400)]
    assert pools == sorted(pools)
    assert (pools[0], pools[200], pools[399]) == (20, 60, 100)
    smallest = sorted(range(100), key=lambda i: (num_nodes[i], i))
    drawn = [set(batches.indices(step).tolist()) for step in range(400)]
    for pool, indices in zip(pools, drawn, strict=True):
        assert len(indices) == 10
        assert indices <= set(smallest[:pool])
    assert len(set.union(*drawn[380:])) > 60
    later = cached(num_nodes, 1, "train.batch_size=10")
    for step in range(20):  # the epochs begin where the curriculum ends
        assert batches.indices(400 + step).tolist() == later.indices(step).tolist()


def test_a_curriculum_takes_a_group_for_its_largest():
    num_nodes = [9, 1, 2, 2, 1, 3, 8, 8]
    batches = cached(num_nodes, 2, "train.batch_size=2", "train.curriculum.num_steps=3")
    assert batches.indices(0).tolist() == [2, 3]


def assert_instances(batch, cell, start, stop):
    expected = Packed.pack(cell.instances(start, stop)).batch(range(stop - start))
    assert set(batch.keys()) == set(expected.keys())
    for name in expected.keys():  # noqa: SIM118  (a batch iterates over items)
        assert torch.equal(batch[name], expected[name]), name


def test_streamed_batches_are_the_instances_of_the_cell_in_whole_groups():
    parts = study("task=satisfiability", "train.batch_size=5", "data.stream=true",
                  "machine.num_workers=1")  # fmt: skip
    cell = Cell(parts.task, parts.home_distribution, tuple(parts.config.train.sizes), "train")
    with batches_of(parts, parts.build_model()) as batches:
        for step in (0, 1, 2, 9, 10, 1):
            batch = batches.batch(step)
            assert_instances(batch, cell, 4 * step, 4 * step + 4)
            assert batch.graph_is_sat.tolist() == [False, True, False, True]
            assert batches.indices(step).tolist() == list(range(4 * step, 4 * step + 4))


def test_an_instance_that_the_model_cannot_take_is_one_line():
    parts = study("model=padded_mlp", "model.max_num_nodes=4", "data.stream=true",
                  "machine.num_workers=1")  # fmt: skip
    with (
        pytest.raises(UserError, match=r"max_num_nodes must be at least .*, got 4"),
        batches_of(parts, parts.build_model()) as batches,
    ):
        batches.batch(0)


def train(parts, folder, on_batch=lambda step, batch: None):
    """Train; return the bytes of the weights and of the curve."""
    torch.manual_seed(0)
    model = parts.build_model()
    folder.path.mkdir(exist_ok=True)
    with batches_of(parts, model) as batches:
        batch = batches.batch

        def told(step):
            on_batch(step, made := batch(step))
            return made

        batches.batch = told
        Fit(parts, model, batches).run(parts.val_set.load(), folder)
    return folder.weights_path.read_bytes(), folder.metrics_path.read_bytes()


class Killed(BaseException):
    """An exception that acts like SIGKILL: nothing is saved on the way out."""


@pytest.mark.parametrize(
    "overrides", [["data.stream=true"], ["train.curriculum.num_steps=9"]], ids=lambda v: v[0]
)
def test_a_killed_run_goes_on_to_the_same_bytes(tmp_path, tiny, overrides):
    parts = study(*tiny, *overrides, "train.num_steps=16", "val.every=8", "machine.save_every=5",
                  "machine.num_workers=1", f"machine.data_dir={tmp_path}")  # fmt: skip
    whole = train(parts, RunFolder(tmp_path / "whole"))
    folder, seen = RunFolder(tmp_path / "killed"), []

    def kill(step, _):
        seen.append(step)
        if seen.count(step) == 1 and step in (7, 13):
            raise Killed

    for _ in range(2):
        with pytest.raises(Killed):
            train(parts, folder, kill)
    assert train(parts, folder, kill) == whole
    assert seen == [*range(8), *range(5, 14), *range(10, 16)]


def test_workers_make_the_same_batches_can_be_lost_and_are_gone_after_a_stop(
    tmp_path, tiny, caplog
):
    parts = study(*tiny, "data.stream=true", "train.num_steps=10000", "train.batch_size=4",
                  "machine.num_workers=2", f"machine.data_dir={tmp_path}")  # fmt: skip
    workers, made = [], []
    others = set(multiprocessing.active_children())  # child processes of other tests

    def interrupt(step, batch):
        made.append(batch)
        if step == 9:
            workers.extend(set(multiprocessing.active_children()) - others)
            for worker in workers:
                os.kill(worker.pid, signal.SIGINT)  # as Ctrl-C does in a terminal
            assert not caplog.text
            workers[0].kill()
            workers[0].join()
        if "generates its own" in caplog.text:
            os.kill(os.getpid(), signal.SIGINT)

    folder = RunFolder(tmp_path / "run")
    with pytest.raises(SystemExit, match="stopped at update"):
        train(parts, folder, interrupt)
    assert len(workers) == 2
    assert set(multiprocessing.active_children()) <= others
    assert (folder.load_state() or {})["step"] == len(made) > 10
    for step, batch in enumerate(made):
        assert_instances(batch, parts.train_set.cell, 4 * step, 4 * step + 4)
