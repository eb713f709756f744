"""Points around a few centres."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from data_gen.distribution import Distribution
from data_gen.tours.points import Points


@dataclass(frozen=True)
class ClusteredPoints(Distribution[Points]):
    """Points around centres c ~ U[margin, 1 - margin]²: p = c + spread · N(0, 1), cut to [0, 1]².

    Each point belongs to one of `num_clusters` centres, uniformly. Source: the clustered instances
    of Johnson and McGeoch 2002 (8th DIMACS challenge), in the unit square and with fewer centres.

    Args:
        num_clusters: the number of centres.
        spread: the standard deviation around a centre.
        margin: the least distance of the centres from the border.

    Raises:
        ValueError: an argument is out of its range.
    """

    num_clusters: int = 3
    spread: float = 0.05
    margin: float = 0.2

    min_size: ClassVar[int] = 3

    def __post_init__(self) -> None:
        if isinstance(self.num_clusters, bool) or self.num_clusters < 1:
            allowed = "a whole number of at least 1"
            raise ValueError(f"num_clusters must be {allowed}, got {self.num_clusters!r}")
        if not self.spread > 0:
            raise ValueError(f"spread must be above 0, got {self.spread!r}")
        if not 0 <= self.margin <= 0.5:
            raise ValueError(f"margin must be a number from 0 to 0.5, got {self.margin!r}")

    def draw(self, size: int, rng: np.random.Generator) -> Points:
        """Draw the centres, then the points."""
        centres = rng.uniform(self.margin, 1 - self.margin, size=(self.num_clusters, 2))
        around = centres[rng.integers(self.num_clusters, size=size)]
        return Points(np.clip(around + self.spread * rng.normal(size=(size, 2)), 0.0, 1.0))
