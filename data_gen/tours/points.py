"""Points: the structure that point distributions draw and tour tasks take."""

from typing import NamedTuple

import numpy as np


class Points(NamedTuple):
    """Points in the plane; a tour starts at the first of them."""

    positions: np.ndarray  # [n, 2] float64, in [0, 1]

    @property
    def size(self) -> int:
        """The size of the structure: its number of points."""
        return len(self.positions)


def distances(positions: np.ndarray) -> np.ndarray:
    """Return the Euclidean distance of each pair, [n, n] float64."""
    between = positions[:, None, :] - positions[None, :, :]
    return np.sqrt((between.astype(np.float64) ** 2).sum(axis=2))
