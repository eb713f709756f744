"""Graph: the structure that graph distributions draw and graph tasks take."""

from typing import NamedTuple

import numpy as np


class Graph(NamedTuple):
    """An undirected weighted graph whose nodes lie in the unit square.

    It holds flat arrays instead of a `networkx.Graph`: a task packs thousands of graphs a second.
    """

    positions: np.ndarray  # [n, 2] float64, in [0, 1]
    node_weights: np.ndarray  # [n] float64, Exp(1)
    edges: np.ndarray  # [m, 2] int64, each pair once, smaller node first, no self-loops, sorted
    lengths: np.ndarray  # [m] float64, positive

    @property
    def num_nodes(self) -> int:
        """The number of nodes n."""
        return len(self.positions)

    @property
    def size(self) -> int:
        """The size of the graph: its number of nodes."""
        return len(self.positions)


def euclidean_lengths(positions: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return the distance between the two ends of every edge, [m]."""
    return np.linalg.norm(positions[edges[:, 0]] - positions[edges[:, 1]], axis=1)


def place(edges: np.ndarray, size: int, rng: np.random.Generator) -> Graph:
    """Return a graph with the given edges, uniform positions and Euclidean lengths."""
    return locate(edges, rng.uniform(size=(size, 2)), rng.exponential(size=size))


def locate(edges: np.ndarray, positions: np.ndarray, node_weights: np.ndarray) -> Graph:
    """Return a graph of the given edges and positions, edges sorted, with Euclidean lengths.

    Args:
        edges: [m, 2] node pairs in any order and direction; repeats and self-loops are dropped.
        positions: [n, 2] in the unit square.
        node_weights: [n].
    """
    edges = np.sort(np.asarray(edges, dtype=np.int64).reshape(-1, 2), axis=1)
    size = len(positions)
    codes = np.sort(edges[:, 0] * size + edges[:, 1])
    codes = codes[np.append(True, codes[1:] != codes[:-1])[: len(codes)]]
    edges = np.stack([codes // size, codes % size], axis=1)
    edges = edges[edges[:, 0] != edges[:, 1]]
    return Graph(positions, node_weights, edges, euclidean_lengths(positions, edges))
