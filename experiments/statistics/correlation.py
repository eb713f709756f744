"""Rank correlation of two numbers of each cell, over methods."""

from collections.abc import Hashable, Mapping, Sequence

import numpy as np
from scipy.stats import rankdata

from experiments.statistics.intervals import Estimate, bootstrap


def on_shared_cells(
    methods: Sequence[Mapping[Hashable, tuple[float, float]]],
) -> list[np.ndarray]:
    """The two numbers of each cell that all methods have, [cells, 2] of each method.

    Args:
        methods: of each the two numbers, by cell. The first one says the order of the cells.
    """
    shared = [cell for cell in next(iter(methods), {}) if all(cell in of for of in methods)]
    return [np.array([of[cell] for cell in shared]).reshape(-1, 2) for of in methods]


def mean_rank_correlation(methods: Sequence[np.ndarray], rng: np.random.Generator) -> Estimate:
    """Spearman's ρ of two numbers of each cell, mean over methods, with its 95 % interval.

    The interval is a percentile bootstrap (1,000 draws) of the cells, the same ones for all
    methods; runs are not drawn. NaN where one of the numbers is the same in all cells, or where
    there is no method or no cell.

    Args:
        methods: of each the numbers [cells, 2], all of the same cells.
        rng: draws the cells.
    """
    (num_cells,) = {len(points) for points in methods} or {0}
    if num_cells == 0:
        return Estimate(np.nan, np.nan, np.nan)

    def mean_rho(*numbers: np.ndarray) -> np.ndarray:
        """NaN for a draw of one cell alone."""
        return np.mean([_spearman(points) for points in numbers], axis=0)

    rho = float(mean_rho(*methods))
    return Estimate(rho, *bootstrap(mean_rho, *methods, rng=rng))


def _spearman(points: np.ndarray) -> np.ndarray:
    """ρ of numbers [..., cells, 2], with mean ranks where they tie: [...]."""
    ranks = rankdata(points, axis=-2)
    ranks = ranks - ranks.mean(axis=-2, keepdims=True)
    norms = np.sqrt((ranks**2).sum(axis=-2).prod(axis=-1))
    products = ranks.prod(axis=-1).sum(axis=-1)
    return np.divide(products, norms, out=np.full(norms.shape, np.nan), where=norms > 0)
