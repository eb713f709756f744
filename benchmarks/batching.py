"""Batches of small graphs: the packed data set against torch-geometric's DataLoader.

    python -m benchmarks.batching [--json out.json]

Both make equal PyG batches of 256 shuffled graphs of 20 nodes, of four sparsities, in one process
and one thread, from data in memory. The floor is the time to copy the rows of the batch.
"""

import argparse
import json
import tempfile
from pathlib import Path

import torch
from torch import Tensor
from torch_geometric.loader import DataLoader

from benchmarks.timing import compare
from data_gen.cell import Cell
from data_gen.dataset import DataSet
from data_gen.distribution import Distribution
from data_gen.graphs.distributions.barabasi_albert import BarabasiAlbert
from data_gen.graphs.distributions.erdos_renyi import ErdosRenyi
from data_gen.graphs.distributions.geographic_threshold import GeographicThreshold
from data_gen.graphs.distributions.random_tree import RandomTree
from data_gen.graphs.graph import Graph
from data_gen.packed import Packed
from data_gen.paths.tasks.shortest_path import ShortestPath

NUM_GRAPHS, BATCH, SIZE = 2048, 256, 20
CASES: tuple[Distribution[Graph], ...] = (
    RandomTree(), ErdosRenyi(), BarabasiAlbert(), GeographicThreshold()
)  # fmt: skip


def measure(distribution: Distribution[Graph]) -> dict[str, object]:
    """Time one case; return its row of the table."""
    cell = Cell(ShortestPath(), distribution, (SIZE,), "test")
    with tempfile.TemporaryDirectory() as folder:
        packed = DataSet(cell, NUM_GRAPHS, Path(folder)).load()
    packed = Packed.from_tensors({name: v.clone() for name, v in packed.tensors().items()})
    graphs = packed.batch(range(NUM_GRAPHS)).to_data_list()
    order = torch.randperm(NUM_GRAPHS, generator=torch.Generator().manual_seed(0))
    chunks = order.split(BATCH)
    loader = DataLoader(graphs, BATCH, sampler=order.tolist())  # type: ignore[arg-type]
    rows = [packed.batch(chunk).to_dict() for chunk in chunks]
    check_equal(rows[0], next(iter(loader)).to_dict())
    timed = {
        "ours": lambda: [packed.batch(chunk) for chunk in chunks],
        "peer": lambda: list(loader),
        "floor": lambda: [[value.clone() for value in row.values()] for row in rows],
    }
    ms = compare(timed, rounds=12)
    return {
        "benchmark": "batching",
        "case": f"{distribution}, {SIZE} nodes",
        "ours_ms": ms["ours"],
        "peer": "torch_geometric.loader.DataLoader",
        "peer_ms": ms["peer"],
        "ratio": ms["peer"] / ms["ours"],
        "floor_ms": ms["floor"],
        "over_floor": ms["ours"] / ms["floor"],
        "graphs_per_second": 1e3 * NUM_GRAPHS / ms["ours"],
        "peer_graphs_per_second": 1e3 * NUM_GRAPHS / ms["peer"],
    }


def check_equal(batch: dict[str, Tensor], other: dict[str, Tensor]) -> None:
    """Raise AssertionError unless the two batches are equal."""
    assert batch.keys() == other.keys()
    for name, value in batch.items():
        assert torch.equal(value, other[name]), name


def main() -> None:
    """Print the table; write it with --json."""
    parser = argparse.ArgumentParser(description="Packed batches against PyG's DataLoader.")
    parser.add_argument("--json", type=Path, help="where to write the rows")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rows = [measure(distribution) for distribution in CASES]
    print("batches of 256 graphs of 20 nodes          ours/s    peer/s  ratio  over copies")
    for row in rows:
        speeds = f"{row['graphs_per_second']:>8.0f}  {row['peer_graphs_per_second']:>8.0f}"
        print(f"{row['case']:<41} {speeds}  {row['ratio']:>5.1f}  {row['over_floor']:>11.1f}")
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
