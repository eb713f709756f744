"""Uniform lengths, independent of the positions of the nodes."""

from dataclasses import dataclass

import numpy as np

from data_gen.graphs.graph import Graph
from data_gen.graphs.weighted import EdgeWeights


@dataclass(frozen=True)
class Uniform(EdgeWeights):
    """Independent lengths L ~ U(low, 1).

    The bound `low` keeps lengths positive and their ratios below 1 / low.

    Raises:
        ValueError: `low` is not in (0, 1).
    """

    low: float = 0.01

    def __post_init__(self) -> None:
        if not 0 < self.low < 1:
            raise ValueError(f"low must be a number in (0, 1), got {self.low!r}")

    def __call__(self, graph: Graph, rng: np.random.Generator) -> np.ndarray:
        """Draw lengths [m]."""
        return rng.uniform(self.low, 1.0, size=len(graph.edges))
