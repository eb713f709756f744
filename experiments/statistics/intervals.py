"""Intervals: of a mean over instances, and of a mean over seeds."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from data_gen.task import Ratio
    from experiments.tables.rows import Row

NUM_RESAMPLES = 1000


class Estimate(NamedTuple):
    """A mean and its 95 % interval."""

    mean: float
    low: float
    high: float


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
    means = values[rng.integers(len(values), size=(NUM_RESAMPLES, len(values)))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return Estimate(mean, float(low), float(high))


def over_ratio(ratio: Ratio) -> Estimate:
    """A mean by a mean with a 95 % interval: the same bootstrap, of both together."""
    mean = float(ratio.values.mean())
    if np.isnan(mean):
        return Estimate(mean, mean, mean)
    num = len(ratio.by)
    drawn = np.random.default_rng(0).integers(num, size=(NUM_RESAMPLES, num))
    below = np.maximum(ratio.by[drawn].mean(axis=1), np.finfo(np.float32).tiny)
    low, high = np.quantile(ratio.scores[drawn].mean(axis=1) / below, [0.025, 0.975])
    return Estimate(mean, float(low), float(high))


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
    if all(row.low >= 0 and row.high <= 1 and is_share(row.metric) for row in rows):
        high = min(high, 1.0)
    return Estimate(mean, low, high)


def is_share(metric: str) -> bool:
    """Whether a metric may be a share by its name: errors, drifts and their ratios are none."""
    words = set(metric.split("_"))
    is_ratio = metric in ("ratio", "velocity_ratio") or metric.startswith("ratio_")
    return not is_ratio and not words & {"error", "drift", "constant", "floor", "energy"}


def over_seeds(means: np.ndarray) -> Estimate:
    """Mean over the runs [n >= 2] of a study with the 95 % interval of Student's t."""
    mean = float(np.mean(means))
    half = stats.t.ppf(0.975, len(means) - 1) * np.std(means, ddof=1) / np.sqrt(len(means))
    return Estimate(mean, mean - float(half), mean + float(half))
