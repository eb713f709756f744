"""Two methods on the same instances: the difference, and who wins how often."""

import warnings
from typing import NamedTuple

import numpy as np
from scipy import stats

from experiments.statistics.intervals import bootstrap


class Difference(NamedTuple):
    """Mean of a - b over the instances that both have a score of, with two 95 % intervals."""

    mean: float
    low: float  # of the networks at hand, over instances
    high: float
    low_over_runs: float  # of networks trained anew, on these instances; NaN of one run each
    high_over_runs: float
    num_instances: int


def difference(a: np.ndarray, b: np.ndarray, rng: np.random.Generator) -> Difference:
    """What `a` scores more than `b`, paired by instance.

    Over instances by a percentile bootstrap (1,000 draws, the same for both); over runs by Welch's
    interval (1947) of the means of runs. Instances without a score (NaN) in any run are left out.

    Args:
        a: [runs of a, instances].
        b: [runs of b, the same instances].
        rng: draws instances.
    """
    a, b = defined(a, b)
    if a.shape[1] == 0:
        return Difference(np.nan, np.nan, np.nan, np.nan, np.nan, 0)
    between = a.mean(axis=0) - b.mean(axis=0)
    low, high = bootstrap(lambda drawn: drawn.mean(axis=1), between, rng=rng)
    over_runs = _over_runs(a.mean(axis=1), b.mean(axis=1))
    return Difference(float(between.mean()), low, high, *over_runs, len(between))


def _over_runs(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """Welch's interval of the difference of two means over runs; NaN if one is of one run."""
    if min(len(a), len(b)) < 2:
        return float("nan"), float("nan")
    if np.ptp(a) == np.ptp(b) == 0:
        return float(a[0] - b[0]), float(a[0] - b[0])
    with warnings.catch_warnings():  # of runs of one method that are nearly alike
        warnings.simplefilter("ignore", RuntimeWarning)
        interval = stats.ttest_ind(a, b, equal_var=False).confidence_interval(0.95)
    return float(interval.low), float(interval.high)


def wins(a: np.ndarray, b: np.ndarray) -> tuple[int, int, float]:
    """Instances on which the mean over runs of `a` is higher, is lower, and how that may be chance.

    The last is the two-sided p of the exact sign test; of 0/1 scores of one run each, that is
    McNemar's exact test. Source: McNemar 1947.

    Args:
        a: [runs of a, instances].
        b: [runs of b, the same instances].
    """
    a, b = defined(a, b)
    between = a.mean(axis=0) - b.mean(axis=0)
    higher, lower = int((between > 0).sum()), int((between < 0).sum())
    if higher + lower == 0:
        return 0, 0, 1.0
    return higher, lower, float(stats.binomtest(higher, higher + lower).pvalue)


def defined(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Those instances that every run has a score of, in double precision."""
    kept = ~(np.isnan(a).any(axis=0) | np.isnan(b).any(axis=0))
    return a[:, kept].astype(np.float64), b[:, kept].astype(np.float64)
