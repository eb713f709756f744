"""Rank correlation between two numbers of each cell, averaged over methods."""

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

import numpy as np
from scipy.stats import rankdata

C = TypeVar("C", bound=Hashable)  # the key of a cell


def on_shared_cells(
    methods: Sequence[Mapping[C, tuple[float, float]]],
) -> list[np.ndarray]:
    """Keep the cells that all methods have; return [cells, 2] for each method.

    Args:
        methods: for each method its two numbers by cell. The first method sets the order of cells.
    """
    shared = [cell for cell in next(iter(methods), {}) if all(cell in of for of in methods)]
    return [np.array([of[cell] for cell in shared]).reshape(-1, 2) for of in methods]


def mean_rank_correlation(methods: Sequence[np.ndarray]) -> float:
    """Return Spearman's ρ between the two numbers of each cell, mean over methods.

    There is no interval: cells share families and sizes, so they are not independent samples. NaN
    if one of the numbers is constant over the cells, or if there is no method or no cell.

    Args:
        methods: for each method its numbers [cells, 2], all for the same cells.
    """
    (num_cells,) = {len(points) for points in methods} or {0}
    if num_cells == 0:
        return np.nan
    return float(np.mean([_spearman(points) for points in methods]))


def _spearman(points: np.ndarray) -> float:
    """Return ρ between two columns of numbers [cells, 2]; ties get their mean rank."""
    ranks = rankdata(points, axis=0)
    ranks = ranks - ranks.mean(axis=0)
    norm = float(np.sqrt((ranks**2).sum(axis=0).prod()))
    return float(ranks.prod(axis=1).sum()) / norm if norm > 0 else np.nan
