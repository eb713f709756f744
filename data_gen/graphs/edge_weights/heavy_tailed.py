"""Heavy-tailed lengths: a few edges are far longer than the rest."""

from dataclasses import dataclass

import numpy as np

from data_gen.graphs.graph import Graph
from data_gen.graphs.weighted import EdgeWeights


@dataclass(frozen=True)
class HeavyTailed(EdgeWeights):
    """Independent Pareto lengths: P(L > l) = l^(-alpha) for l >= 1.

    At alpha = 1.5 the mean is 3 and the variance infinite.

    Source: Pareto 1896, "Cours d'économie politique".

    Raises:
        ValueError: `alpha` is not above 0.
    """

    alpha: float = 1.5

    def __post_init__(self) -> None:
        if not self.alpha > 0:
            raise ValueError(f"alpha must be above 0, got {self.alpha!r}")

    def __call__(self, graph: Graph, rng: np.random.Generator) -> np.ndarray:
        """Draw lengths [m]."""
        return 1.0 + rng.pareto(self.alpha, size=len(graph.edges))  # numpy's pareto starts at 0
