"""Lengths over several orders of magnitude, each as common as the others."""

from dataclasses import dataclass

import numpy as np

from data_gen.graphs.graph import Graph
from data_gen.graphs.weighted import EdgeWeights


@dataclass(frozen=True)
class WideRange(EdgeWeights):
    """Log-uniform: L = 10^U, U ~ U(-decades, 0), independently."""

    decades: float = 3.0

    def __post_init__(self) -> None:
        if not 0 < self.decades <= 30:
            raise ValueError(f"decades is {self.decades}: a number in (0, 30] is needed")

    def __call__(self, graph: Graph, rng: np.random.Generator) -> np.ndarray:
        """Lengths [m]."""
        return 10.0 ** rng.uniform(-self.decades, 0.0, size=len(graph.edges))
