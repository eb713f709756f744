"""A drawn graph: the structure that graph distributions give and graph tasks take."""

from typing import NamedTuple

import numpy as np


class Graph(NamedTuple):
    """An undirected weighted graph whose nodes lie in the unit square.

    Flat arrays, not `networkx.Graph`: a task packs thousands of these a second.
    """

    positions: np.ndarray  # [n, 2] float64, in [0, 1]
    node_weights: np.ndarray  # [n] float64, Exp(1)
    edges: np.ndarray  # [m, 2] int64, each pair once, smaller node first, no self-loops, sorted
    lengths: np.ndarray  # [m] float64, positive

    @property
    def num_nodes(self) -> int:
        """Number of nodes n."""
        return len(self.positions)

    @property
    def size(self) -> int:
        """What a distribution is asked for: the number of nodes."""
        return len(self.positions)


def euclidean_lengths(positions: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Distance between the two ends of every edge, [m]."""
    return np.linalg.norm(positions[edges[:, 0]] - positions[edges[:, 1]], axis=1)


def place(edges: np.ndarray, size: int, rng: np.random.Generator) -> Graph:
    """A graph with the given edges, nodes uniform in the unit square, lengths Euclidean."""
    return locate(edges, rng.uniform(size=(size, 2)), rng.exponential(size=size))


def locate(edges: np.ndarray, positions: np.ndarray, node_weights: np.ndarray) -> Graph:
    """A graph of the given edges and positions, in canonical edge order, lengths Euclidean.

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
