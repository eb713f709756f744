"""The looks and the window of pictures of a route through points."""

import numpy as np

from data_gen.shapes import Look

AROUND = 0.08  # the margin around the points, as a fraction of their extent
TRUTH, NETWORK = Look(4, 5.0, opacity=0.55), Look(0, 1.8)


def around(points: np.ndarray) -> tuple[list[float], float]:
    """Return the window around points [n, 2], and their extent."""
    low, high = points.min(axis=0), points.max(axis=0)
    extent = max(float((high - low).max()), 1e-6)
    return [*(low - AROUND * extent).tolist(), *(high + AROUND * extent).tolist()], extent
