"""Euclidean lengths: the distance between the ends of an edge."""

from dataclasses import dataclass

import numpy as np

from data_gen.graphs.graph import Graph, euclidean_lengths
from data_gen.graphs.weighted import EdgeWeights


@dataclass(frozen=True)
class Euclidean(EdgeWeights):
    """Lengths l_ij = |x_i - x_j| of the graph's own positions; the triangle inequality holds."""

    def __call__(self, graph: Graph, rng: np.random.Generator) -> np.ndarray:
        """Return the lengths [m], without randomness."""
        return euclidean_lengths(graph.positions, graph.edges)
