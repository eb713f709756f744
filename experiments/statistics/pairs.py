"""Compare two methods on the same instances: the mean difference, and the number of wins."""

from typing import NamedTuple

import numpy as np
from scipy import stats

from experiments.statistics.intervals import Spread, interval, noise_of, spread_of

FEWEST = 50  # instances; with fewer there is no interval


class Difference(NamedTuple):
    """The mean of a - b over the instances that both scored, with its 95 % interval."""

    mean: float
    low: float  # the interval is over the runs of both and instances; for one run each, instances
    high: float
    num_instances: int


def difference(a: np.ndarray, b: np.ndarray) -> Difference:
    """Return the mean difference a - b, paired by instance so that shared difficulty cancels.

    The interval is over the runs of both methods, whose numbers of runs may differ (Welch 1947),
    and over the instances, which both share. Instances without a score (NaN) in any run are left
    out.

    Args:
        a: [runs of a, instances].
        b: [runs of b, the same instances].
    """
    a, b = defined(a, b)
    num_instances = a.shape[1]
    if num_instances == 0:
        return Difference(np.nan, np.nan, np.nan, 0)
    mean = float(a.mean() - b.mean())
    if num_instances < FEWEST:
        return Difference(mean, np.nan, np.nan, num_instances)
    of_each = spread_of((a.mean(axis=0) - b.mean(axis=0))[None])  # includes the noise
    parts = [spread_of(scores) for scores in (a, b)]
    shared = max(0.0, of_each.of_instances - sum(noise_of(scores) for scores in (a, b)))
    between = sum(part.of_runs for part in parts)
    squares = sum(p.of_runs**2 / max(1, p.num_runs - 1) for p in parts)
    degrees = between**2 / squares if squares > 0 else 1.0  # Welch-Satterthwaite
    spread = Spread(mean, degrees + 1, between, shared, of_each.skewness)
    found = interval(spread, is_share=False, is_error=False)
    return Difference(*found, num_instances)


def wins(a: np.ndarray, b: np.ndarray) -> tuple[int, int, float]:
    """Count the instances on which `a` is higher and lower than `b`, mean over runs; with a p.

    Args:
        a: [runs of a, instances].
        b: [runs of b, the same instances].

    Returns:
        The two counts, and the two-sided p of the exact sign test for one run each (for 0/1 scores
        McNemar's exact test, 1947). p is NaN for several runs, which the test does not cover.
    """
    a, b = defined(a, b)
    between = a.mean(axis=0) - b.mean(axis=0)
    higher, lower = int((between > 0).sum()), int((between < 0).sum())
    if max(len(a), len(b)) > 1:
        return higher, lower, np.nan
    if higher + lower == 0:
        return 0, 0, 1.0
    return higher, lower, float(stats.binomtest(higher, higher + lower).pvalue)


def defined(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Keep the instances that every run has a score for, in double precision."""
    kept = ~(np.isnan(a).any(axis=0) | np.isnan(b).any(axis=0))
    return a[:, kept].astype(np.float64), b[:, kept].astype(np.float64)
