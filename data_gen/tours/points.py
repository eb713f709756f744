"""Drawn points: the structure that point distributions give and tour tasks take."""

from typing import NamedTuple

import numpy as np


class Points(NamedTuple):
    """Points of the plane. The first is where a tour starts."""

    positions: np.ndarray  # [n, 2] float64, in [0, 1]

    @property
    def size(self) -> int:
        """What a distribution is asked for: the number of points."""
        return len(self.positions)


def distances(positions: np.ndarray) -> np.ndarray:
    """The Euclidean distance of each pair, [n, n] float64."""
    between = positions[:, None, :] - positions[None, :, :]
    return np.sqrt((between.astype(np.float64) ** 2).sum(axis=2))
