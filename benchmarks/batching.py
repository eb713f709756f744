"""Batches of small graphs: the packed data set against torch-geometric's DataLoader.

    python -m benchmarks.batching [--json out.json]

Both give the same PyG batches of 256 shuffled graphs of 20 nodes, of four sparsities, in one
process and one thread, from data in memory. The floor is the gathers of the batch's rows alone.
"""

import argparse
import json
import tempfile
from pathlib import Path

import torch
from torch_geometric.loader import DataLoader

from benchmarks.timing import compare
from data_gen.cell import Cell
from data_gen.dataset import DataSet
from data_gen.distribution import Distribution
from data_gen.distributions.barabasi_albert import BarabasiAlbert
from data_gen.distributions.erdos_renyi import ErdosRenyi
from data_gen.distributions.geographic_threshold import GeographicThreshold
from data_gen.distributions.random_tree import RandomTree
from data_gen.graph import Graph
from data_gen.packed import Packed
from data_gen.tasks.shortest_path import ShortestPath

NUM_GRAPHS, BATCH, SIZE = 2048, 256, 20
CASES: tuple[Distribution[Graph], ...] = (
    RandomTree(), ErdosRenyi(), BarabasiAlbert(), GeographicThreshold()
)  # fmt: skip


def measure(distribution: Distribution[Graph]) -> dict[str, object]:
    """The row of a case; an error if the two do not give the same batch."""
    cell = Cell(ShortestPath(), distribution, (SIZE,), "test")
    with tempfile.TemporaryDirectory() as folder:
        packed = DataSet(cell, NUM_GRAPHS, Path(folder)).load()
    packed = Packed.from_tensors({name: v.clone() for name, v in packed.tensors().items()})
    graphs = packed.batch(range(NUM_GRAPHS)).to_data_list()
    order = torch.randperm(NUM_GRAPHS, generator=torch.Generator().manual_seed(0))
    first = next(iter(DataLoader(graphs, BATCH, sampler=order.tolist())))  # type: ignore[arg-type]
    for name, value in packed.batch(order[:BATCH]).items():
        assert torch.equal(value, first[name]), name
    rows = [packed.batch(chunk) for chunk in order.split(BATCH)]

    def ours() -> None:
        for chunk in order.split(BATCH):
            packed.batch(chunk)

    def peer() -> None:
        for _ in DataLoader(graphs, BATCH, sampler=order.tolist()):  # type: ignore[arg-type]
            pass

    def floor() -> None:
        for batch in rows:
            for value in batch.to_dict().values():
                value.clone()

    ms = compare({"ours": ours, "peer": peer, "floor": floor}, rounds=12)
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


def main() -> None:
    """Print the table and, if asked to, write it."""
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
