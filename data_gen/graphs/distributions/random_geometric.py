"""Random geometric graphs: nodes in the plane are joined if they are near each other."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.spatial import KDTree

from data_gen.distribution import MAX_TRIES, Distribution, GenerationError
from data_gen.graphs.connectivity import is_connected
from data_gen.graphs.graph import Graph, locate


@dataclass(frozen=True)
class RandomGeometric(Distribution[Graph]):
    """Graphs that join nodes i, j when their distance <= r, where π r² = factor · ln n / n.

    Positions are uniform in the unit square and redrawn until the graph is connected. Away from
    the border the mean degree is factor · ln n. A factor of 1 is the threshold of connectivity.

    Source: Gilbert 1961, "Random plane networks" (the law); Penrose 1997, "The longest edge of
    the random minimal spanning tree" (the threshold).

    Raises:
        ValueError: `factor` is not above 0.
    """

    factor: float = 2.0

    def __post_init__(self) -> None:
        if not self.factor > 0:
            raise ValueError(f"factor must be above 0, got {self.factor!r}")

    def draw(self, size: int, rng: np.random.Generator) -> Graph:
        """Draw a connected graph.

        Raises:
            ValueError: `size` is below 1.
            GenerationError: no connected graph in `MAX_TRIES` tries, because `factor` is too small.
        """
        if size < 1:
            raise ValueError(f"size must be a whole number of at least 1, got {size!r}")
        radius = math.sqrt(self.factor * math.log(size) / (math.pi * size))
        for _ in range(MAX_TRIES):
            positions = rng.uniform(size=(size, 2))
            edges = KDTree(positions).query_pairs(radius, output_type="ndarray")
            if is_connected(edges, size):
                return locate(edges, positions, rng.exponential(size=size))
        raise GenerationError(f"{self}: no connected graph of size {size} in {MAX_TRIES} tries")
