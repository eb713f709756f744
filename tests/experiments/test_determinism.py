"""A run and its data have the same bytes for any number of workers, and any order of cells."""

import pytest
import torch

from data_gen import dataset
from data_gen.cell import Cell
from data_gen.dataset import DataSet, make
from experiments.tables.rows import TIME_COLUMNS, read_table
from experiments.train import train
from tests.conftest import composed, instances, stems, the_study
from tests.contracts import batch_of, build

ROUNDING = 1e-5  # the largest difference of gradients between numbers of threads, of their size


def data_sets(folder):
    """Return small data sets of every task, of two sizes and splits."""
    cells = []
    for name in stems("task"):
        parts = the_study(f"task={name}")
        size = max(8, parts.home_distribution.min_size)
        for split, sizes in (("test", (size,)), ("train", (size, size + 1))):
            cells.append(Cell(parts.task, parts.home_distribution, sizes, split))
    by_path = {d.path: d for d in (DataSet(cell, 7, folder) for cell in cells)}
    return list(by_path.values())


@pytest.mark.parametrize("num_workers", [1, pytest.param(3, marks=pytest.mark.slow)])
def test_neither_order_nor_workers_nor_blocks_change_a_byte(tmp_path, monkeypatch, num_workers):
    one, other = (data_sets(tmp_path / name) for name in ("one", "other"))
    make(one, 1)
    monkeypatch.setattr(dataset, "WORTH_WORKERS", 0)
    monkeypatch.setattr(dataset, "BLOCK", 3)
    make(other[::-1], num_workers)
    for left, right in zip(one, other, strict=True):
        assert left.path.name == right.path.name
        assert left.path.read_bytes() == right.path.read_bytes()


def trained(num_threads):
    """Return the first gradient and the weights after two updates with some threads."""
    _, graphs = instances("shortest_path_next_hop", 24, 32)
    task, batch = the_study("task=shortest_path_next_hop").task, batch_of(graphs)
    model, gradient = build("shortest_path_next_hop", "node_mlp"), None
    weights = list(model.parameters())
    optimizer = torch.optim.Adam(weights, 1e-3)
    torch.set_num_threads(num_threads)
    try:
        for _ in range(2):
            optimizer.zero_grad()
            task.loss(model, batch).backward()
            if gradient is None:
                gradient = torch.cat([w.grad.flatten() for w in weights if w.grad is not None])
            optimizer.step()
    finally:
        torch.set_num_threads(1)
    return gradient, torch.cat([w.detach().flatten() for w in weights])


def test_a_number_of_threads_gives_the_same_bytes_and_another_one_rounds_differently():
    """Threads add up the gradient in parts, so their number decides the order of additions."""
    first, again = trained(2), trained(2)
    for ours, theirs in zip(first, again, strict=True):
        assert torch.equal(ours, theirs)
    alone = trained(1)
    assert all(torch.equal(*pair) for pair in zip(alone, trained(1), strict=True))
    assert (alone[0] - first[0]).norm() <= ROUNDING * alone[0].norm()


@pytest.mark.slow
def test_the_order_of_sizes_and_distributions_changes_no_row(tmp_path, tiny):
    found, orders = [], (("[8,16]", "[grid,caterpillar]"), ("[16,8]", "[caterpillar,grid]"))
    for number, (sizes, laws) in enumerate(orders):
        folder = tmp_path / str(number)
        words = [
            f"transfer.sizes={sizes}", f"distribution@transfer.distributions={laws}",
            f"machine.runs_dir={folder / 'runs'}", f"machine.data_dir={folder / 'data'}",
        ]  # fmt: skip
        train(composed(*(w for w in tiny if not w.startswith("transfer.sizes")), *words))
        (run,) = (folder / "runs" / "default").glob("*-seed*")
        left_out = {*TIME_COLUMNS, "config_hash"}
        rows = [
            {name: str(v) for name, v in vars(row).items() if name not in left_out}
            for row in read_table(run / "transfer.csv")
        ]
        found.append((sorted(rows, key=str), (run / "weights.safetensors").read_bytes()))
    assert found[0][0] == found[1][0]
    assert len(found[0][0]) > 8
    assert found[0][1] == found[1][1]
