"""Heavy-tailed lengths: a few edges far longer than the rest."""

from dataclasses import dataclass

import numpy as np

from data_gen.graphs.graph import Graph
from data_gen.graphs.weighted import EdgeWeights


@dataclass(frozen=True)
class HeavyTailed(EdgeWeights):
    """Pareto: P(L > l) = l^(-alpha) for l >= 1, independently.

    At alpha = 1.5 the mean is 3 and the variance infinite.

    Source: Pareto 1896, "Cours d'économie politique".
    """

    alpha: float = 1.5

    def __post_init__(self) -> None:
        if not self.alpha > 0:
            raise ValueError(f"alpha is {self.alpha}: a number above 0 is needed")

    def __call__(self, graph: Graph, rng: np.random.Generator) -> np.ndarray:
        """Lengths [m]."""
        return 1.0 + rng.pareto(self.alpha, size=len(graph.edges))  # numpy's starts at 0
