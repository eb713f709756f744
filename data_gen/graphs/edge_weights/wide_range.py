"""Log-uniform lengths: each of several orders of magnitude is equally common."""

from dataclasses import dataclass

import numpy as np

from data_gen.graphs.graph import Graph
from data_gen.graphs.weighted import EdgeWeights


@dataclass(frozen=True)
class WideRange(EdgeWeights):
    """Independent log-uniform lengths: L = 10^U, U ~ U(-decades, 0).

    Raises:
        ValueError: `decades` is not in (0, 30].
    """

    decades: float = 3.0

    def __post_init__(self) -> None:
        if not 0 < self.decades <= 30:
            raise ValueError(f"decades must be a number in (0, 30], got {self.decades!r}")

    def __call__(self, graph: Graph, rng: np.random.Generator) -> np.ndarray:
        """Draw lengths [m]."""
        return 10.0 ** rng.uniform(-self.decades, 0.0, size=len(graph.edges))
