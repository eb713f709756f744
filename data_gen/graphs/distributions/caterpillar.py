"""Caterpillar trees: a long path with leaves, so the diameter grows with the number of nodes."""

import math
from dataclasses import dataclass

import numpy as np

from data_gen.distribution import Distribution
from data_gen.graphs.graph import Graph, place


@dataclass(frozen=True)
class Caterpillar(Distribution[Graph]):
    """A spine of ceil(spine_fraction · n) nodes; the others are leaves on uniform spine nodes.

    The diameter is at least that of the spine, ceil(spine_fraction · n) - 1 edges. Node labels are
    permuted, so the place on the spine cannot be read from the index.

    Source: Harary and Schwenk 1973, "The number of caterpillars" (the name and the family).

    Raises:
        ValueError: `spine_fraction` is not in (0, 1].
    """

    spine_fraction: float = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.spine_fraction <= 1:
            allowed = "a number in (0, 1]"
            raise ValueError(f"spine_fraction must be {allowed}, got {self.spine_fraction!r}")

    def draw(self, size: int, rng: np.random.Generator) -> Graph:
        """Draw a tree."""
        spine = math.ceil(self.spine_fraction * size)
        nodes = np.arange(1, size)
        parents = nodes - 1  # along the spine
        parents[spine - 1 :] = rng.integers(spine, size=size - spine)  # of the leaves
        edges = np.stack([parents, nodes], axis=1)
        return place(rng.permutation(size)[edges], size, rng)
