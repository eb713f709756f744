"""Shortest-path instances per second and core: our generator against the demo's, on networkx.

    python -m benchmarks.generation [--json out.json]

The peer draws the graph, the query and the path as the graph_nets demo does: graph, minimum
spanning tree, hop distances of all pairs and Dijkstra's algorithm from networkx. Our time includes
making and packing tensors, which the peer does not do.
"""

import argparse
import collections
import json
from pathlib import Path

import networkx as nx
import numpy as np

from benchmarks.timing import compare
from data_gen.cell import Cell
from data_gen.graphs.distributions.geographic_threshold import GeographicThreshold
from data_gen.packed import Packed
from data_gen.paths.tasks.shortest_path import ShortestPath

CASES = {16: 128, 64: 32}  # size -> instances timed


def peer_instance(size: int, theta: float, rng: np.random.Generator) -> list[int]:
    """Draw a graph and a query on it with networkx; return the path."""
    positions, weights = rng.uniform(size=(size, 2)), rng.exponential(size=size)
    graph = nx.geographical_threshold_graph(
        size, theta, pos=dict(enumerate(positions)), weight=dict(enumerate(weights))
    )
    complete = nx.Graph()
    complete.add_weighted_edges_from(
        (i, j, float(np.linalg.norm(positions[i] - positions[j])))
        for i in range(size) for j in range(i)
    )  # fmt: skip
    graph.add_edges_from(nx.minimum_spanning_tree(complete).edges)
    lengths = {edge: complete.edges[edge]["weight"] for edge in graph.edges}
    nx.set_edge_attributes(graph, lengths, "length")
    hops = {
        (start, end): distance
        for start, row in nx.all_pairs_shortest_path_length(graph)
        for end, distance in row.items()
        if distance
    }
    counts = collections.Counter(hops.values())
    chances = [1 / (len(counts) * counts[distance]) for distance in hops.values()]
    start, end = list(hops)[rng.choice(len(hops), p=chances)]
    return nx.dijkstra_path(graph, start, end, weight="length")


def measure(size: int, count: int) -> dict[str, object]:
    """Time one size; return its row of the table."""
    cell = Cell(ShortestPath(), GeographicThreshold(), (size,), "test")
    rng = np.random.default_rng(0)
    ms = compare(
        {
            "ours": lambda: Packed.pack(cell.instances(0, count)),
            "peer": lambda: [peer_instance(size, 20.0, rng) for _ in range(count // 8)],
        },
        rounds=6,
    )
    peer_ms = 8 * ms["peer"]
    return {
        "benchmark": "generation",
        "case": f"{size} nodes, theta 20",
        "ours_ms": ms["ours"],
        "peer": "networkx, as the graph_nets demo",
        "peer_ms": peer_ms,
        "ratio": peer_ms / ms["ours"],
        "instances_per_second": 1e3 * count / ms["ours"],
        "peer_instances_per_second": 1e3 * count / peer_ms,
    }


def main() -> None:
    """Print the table; write it with --json."""
    parser = argparse.ArgumentParser(description="Instances a second, against networkx.")
    parser.add_argument("--json", type=Path, help="where to write the rows")
    arguments = parser.parse_args()
    rows = [measure(size, count) for size, count in CASES.items()]
    print("shortest-path instances      ours/s    peer/s  ratio")
    for row in rows:
        speeds = f"{row['instances_per_second']:>8.0f}  {row['peer_instances_per_second']:>8.0f}"
        print(f"{row['case']:<25} {speeds}  {row['ratio']:>5.1f}")
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
