"""Intervals: of a mean over instances, and of a mean over seeds."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from data_gen.metric import Ratio
    from experiments.tables.rows import Row

NUM_RESAMPLES = 1000
STRATIFIED_RESAMPLES = 2000
ENDS = (0.025, 0.975)


class Estimate(NamedTuple):
    """A mean and its 95 % interval."""

    mean: float
    low: float
    high: float


def bootstrap(
    statistic: Callable[..., np.ndarray],
    *arrays: np.ndarray,
    rng: np.random.Generator,
    stratified: bool = False,
) -> tuple[float, float]:
    """The two ends of a percentile bootstrap's 95 % interval; NaN if no draw has the statistic.

    The first axis of each array is drawn anew, with replacement: 1,000 times, the same places for
    all arrays. Stratified, 2,000 times, for each array and each of its columns independently; the
    ends are then draws themselves, not between two of them, so they may be infinite.

    Args:
        statistic: of the drawn arrays [resamples, ...]: a value for each resample, or NaN for a
            resample in which it is not defined.
        arrays: [n, ...], the same n unless stratified; [runs, cells] if stratified.
        rng: draws the places.
        stratified: whether columns are drawn independently.
    """
    draw = _drawn_by_column if stratified else _drawn_together
    draws = statistic(*draw(arrays, rng))
    draws = draws[~np.isnan(draws)]
    if len(draws) == 0:
        return np.nan, np.nan
    low, high = np.quantile(draws, ENDS, method="inverted_cdf" if stratified else "linear")
    return float(low), float(high)


def _drawn_together(arrays: Sequence[np.ndarray], rng: np.random.Generator) -> list[np.ndarray]:
    """Resamples [resamples, n, ...] of arrays [n, ...], the same places of all."""
    num = len(arrays[0])
    places = rng.integers(num, size=(NUM_RESAMPLES, num))
    return [array[places] for array in arrays]


def _drawn_by_column(arrays: Sequence[np.ndarray], rng: np.random.Generator) -> list[np.ndarray]:
    """Resamples [resamples, runs, cells] of arrays [runs, cells], runs drawn in every cell."""
    return [
        array[rng.integers(len(array), size=(STRATIFIED_RESAMPLES, *array.shape)), columns]
        for array in arrays
        for columns in [np.arange(array.shape[1])]
    ]


def over_instances(values: np.ndarray, *, binary: bool) -> Estimate:
    """Mean of the scores of instances [n] with a 95 % interval: Wilson's for 0/1, else bootstrap.

    Source: E. B. Wilson 1927 (through `scipy.stats`); percentile bootstrap, Efron 1979, of 1,000
    resamples drawn from a fixed generator, so that a table is a function of its scores.
    """
    mean = float(values.mean())
    if np.isnan(mean):  # a model that is not defined for these instances
        return Estimate(mean, mean, mean)
    if binary:
        interval = stats.binomtest(int(values.sum()), len(values)).proportion_ci(method="wilson")
        return Estimate(mean, float(interval.low), float(interval.high))
    rng = np.random.default_rng(0)
    return Estimate(mean, *bootstrap(lambda drawn: drawn.mean(axis=1), values, rng=rng))


def over_ratio(ratio: Ratio) -> Estimate:
    """A mean by a mean with a 95 % interval: the same bootstrap, of both together."""
    mean = float(ratio.values.mean())
    if np.isnan(mean):
        return Estimate(mean, mean, mean)

    def ratio_of_means(scores: np.ndarray, by: np.ndarray) -> np.ndarray:
        return scores.mean(axis=1) / np.maximum(by.mean(axis=1), np.finfo(np.float32).tiny)

    rng = np.random.default_rng(0)
    return Estimate(mean, *bootstrap(ratio_of_means, ratio.scores, ratio.by, rng=rng))


def over_runs(rows: Sequence[Row]) -> Estimate:
    """Mean of one cell over the runs of a study; of a single run, the interval of its row.

    Where no run's interval has a negative end, this one has none; where those of shares lie in
    [0, 1], so does this one.
    """
    if len(rows) == 1:
        return Estimate(rows[0].mean, rows[0].low, rows[0].high)
    mean, low, high = over_seeds(np.array([row.mean for row in rows]))
    if all(row.low >= 0 for row in rows):
        low = max(low, 0.0)
    if all(row.is_share and row.low >= 0 and row.high <= 1 for row in rows):
        high = min(high, 1.0)
    return Estimate(mean, low, high)


def over_seeds(means: np.ndarray) -> Estimate:
    """Mean over the runs [n >= 2] of a study with the 95 % interval of Student's t."""
    mean = float(np.mean(means))
    half = _quantile(len(means) - 1) * np.std(means, ddof=1) / np.sqrt(len(means))
    return Estimate(mean, mean - float(half), mean + float(half))


@cache
def _quantile(degrees_of_freedom: int) -> float:
    """Student's t that 2.5 % lie above: worked out once, since a table has thousands of cells."""
    return float(stats.t.ppf(0.975, degrees_of_freedom))
