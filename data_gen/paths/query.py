"""Queries for shortest paths: every hop distance that occurs in a graph is equally likely."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from data_gen.graphs.graph import Graph


class Query(NamedTuple):
    """A pair of nodes and the diameter of their graph in hops."""

    start: int
    end: int
    diameter: int


def draw_queries(graphs: Sequence[Graph], rngs: Sequence[np.random.Generator]) -> list[Query]:
    """Draw for each graph a hop distance, uniformly among those that occur, then a pair at it.

    Source: graph_nets, `demos/shortest_path.ipynb`, `add_shortest_path`.

    Raises:
        ValueError: a graph has no edges.
    """
    rings = _rings(graphs)
    offset, queries = 0, []
    for graph, rng in zip(graphs, rngs, strict=True):
        ring = [distance[offset : offset + graph.num_nodes] for distance in rings]
        diameter = next((i for i, r in enumerate(ring) if not r.any()), len(ring))
        if not diameter:
            raise ValueError(f"graph must have edges, got {graph.num_nodes} nodes without edges")
        words = ring[rng.integers(diameter)]
        pairs = np.flatnonzero(np.unpackbits(words.view(np.uint8), axis=1, bitorder="little"))
        start, end = divmod(int(rng.choice(pairs)), words.shape[1] * 64)
        queries.append(Query(start, end, diameter))
        offset += graph.num_nodes
    return queries


def _rings(graphs: Sequence[Graph]) -> list[np.ndarray]:
    """Return for each hop distance 1, 2, ... the nodes at that distance, [N, W] uint64.

    This is a breadth-first search from all nodes of all graphs at once. Bit b of a node's row
    stands for node b of its graph, so a step to the neighbours is one bitwise "or" over the edges.
    """
    num_nodes = np.array([graph.num_nodes for graph in graphs])
    offsets = np.cumsum(num_nodes) - num_nodes
    total, num_words = num_nodes.sum(), -(-num_nodes.max() // 64)
    edges = np.concatenate([graph.edges + o for graph, o in zip(graphs, offsets, strict=True)])
    itself = np.arange(total)
    senders = np.concatenate([edges[:, 0], edges[:, 1], itself])
    receivers = np.concatenate([edges[:, 1], edges[:, 0], itself])
    order = np.argsort(receivers, kind="stable")
    senders = senders[order]
    first = np.searchsorted(receivers[order], itself)  # [N], the first edge into each node
    local = itself - np.repeat(offsets, num_nodes)
    reached = np.zeros((total, num_words), dtype=np.uint64)
    reached[itself, local // 64] = np.uint64(1) << (local % 64).astype(np.uint64)
    rings = []
    while True:
        grown = np.bitwise_or.reduceat(reached[senders], first, axis=0)
        if np.array_equal(grown, reached):
            return rings
        rings.append(grown & ~reached)
        reached = grown
