"""Uniform random trees: there is one path between any two nodes."""

from dataclasses import dataclass

import numpy as np

from data_gen.distribution import Distribution
from data_gen.graphs.graph import Graph, place


@dataclass(frozen=True)
class RandomTree(Distribution[Graph]):
    """Random trees: all n^(n-2) labelled trees are equally likely; the diameter is of order √n.

    Node i joins node min(U_i, i - 1) with U_i uniform over all n nodes; then the node labels are
    permuted.

    Source: Aldous 1990, "The random walk construction of uniform spanning trees and uniform
    labelled trees", algorithm 2.
    """

    def draw(self, size: int, rng: np.random.Generator) -> Graph:
        """Draw a tree; every node but the first joins an earlier one."""
        nodes = np.arange(1, size)
        parents = np.minimum(rng.integers(size, size=size - 1), nodes - 1)
        edges = np.stack([parents, nodes], axis=1)
        return place(rng.permutation(size)[edges], size, rng)
