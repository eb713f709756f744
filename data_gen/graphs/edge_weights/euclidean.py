"""Euclidean lengths: the distance between the ends of an edge."""

from dataclasses import dataclass

import numpy as np

from data_gen.graphs.graph import Graph, euclidean_lengths
from data_gen.graphs.weighted import EdgeWeights


@dataclass(frozen=True)
class Euclidean(EdgeWeights):
    """l_ij = |x_i - x_j|, with the graph's own positions: they obey the triangle inequality."""

    def __call__(self, graph: Graph, rng: np.random.Generator) -> np.ndarray:
        """Lengths [m]; nothing is random."""
        return euclidean_lengths(graph.positions, graph.edges)
