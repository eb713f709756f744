"""Rank correlation of two numbers of each cell, over methods."""

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

import numpy as np
from scipy.stats import rankdata

C = TypeVar("C", bound=Hashable)  # what names a cell


def on_shared_cells(
    methods: Sequence[Mapping[C, tuple[float, float]]],
) -> list[np.ndarray]:
    """The two numbers of each cell that all methods have, [cells, 2] of each method.

    Args:
        methods: of each the two numbers, by cell. The first one says the order of the cells.
    """
    shared = [cell for cell in next(iter(methods), {}) if all(cell in of for of in methods)]
    return [np.array([of[cell] for cell in shared]).reshape(-1, 2) for of in methods]


def mean_rank_correlation(methods: Sequence[np.ndarray]) -> float:
    """Spearman's ρ of two numbers of each cell, mean over methods.

    It has no interval: cells share families and sizes, so they are no sample of independent ones.
    NaN where one of the numbers is the same in all cells, or where there is no method or no cell.

    Args:
        methods: of each the numbers [cells, 2], all of the same cells.
    """
    (num_cells,) = {len(points) for points in methods} or {0}
    if num_cells == 0:
        return np.nan
    return float(np.mean([_spearman(points) for points in methods]))


def _spearman(points: np.ndarray) -> float:
    """ρ of numbers [cells, 2], with mean ranks where they tie."""
    ranks = rankdata(points, axis=0)
    ranks = ranks - ranks.mean(axis=0)
    norm = float(np.sqrt((ranks**2).sum(axis=0).prod()))
    return float(ranks.prod(axis=1).sum()) / norm if norm > 0 else np.nan
