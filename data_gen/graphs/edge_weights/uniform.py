"""Uniform lengths: positions tell nothing about them."""

from dataclasses import dataclass

import numpy as np

from data_gen.graphs.graph import Graph
from data_gen.graphs.weighted import EdgeWeights


@dataclass(frozen=True)
class Uniform(EdgeWeights):
    """L ~ U(low, 1), independently.

    low keeps lengths positive and their ratio below 1 / low: without it an edge could be free.
    """

    low: float = 0.01

    def __post_init__(self) -> None:
        if not 0 < self.low < 1:
            raise ValueError(f"low is {self.low}: a number in (0, 1) is needed")

    def __call__(self, graph: Graph, rng: np.random.Generator) -> np.ndarray:
        """Lengths [m]."""
        return rng.uniform(self.low, 1.0, size=len(graph.edges))
