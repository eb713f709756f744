"""Two methods on the same instances: the difference, and who wins how often."""

from typing import NamedTuple

import numpy as np
from scipy import stats

from experiments.statistics.intervals import Spread, interval, noise_of, spread_of

FEWEST = 50  # instances; of fewer there is no interval


class Difference(NamedTuple):
    """Mean of a - b over the instances that both have a score of, with its 95 % interval."""

    mean: float
    low: float  # over the runs of both and the instances; of one run each, over instances
    high: float
    num_instances: int


def difference(a: np.ndarray, b: np.ndarray) -> Difference:
    """What `a` scores more than `b`, paired by instance: what is hard for both cancels.

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
    of_each = spread_of((a.mean(axis=0) - b.mean(axis=0))[None])  # and what noise adds to it
    parts = [spread_of(scores) for scores in (a, b)]
    shared = max(0.0, of_each.of_instances - sum(noise_of(scores) for scores in (a, b)))
    between = sum(part.of_runs for part in parts)
    squares = sum(p.of_runs**2 / max(1, p.num_runs - 1) for p in parts)
    degrees = between**2 / squares if squares > 0 else 1.0  # Welch and Satterthwaite's
    spread = Spread(mean, degrees + 1, between, shared, of_each.skewness)
    found = interval(spread, is_share=False, is_error=False)
    return Difference(*found, num_instances)


def wins(a: np.ndarray, b: np.ndarray) -> tuple[int, int, float]:
    """Instances on which the mean over runs of `a` is higher, is lower, and how that may be chance.

    The last is the two-sided p of the exact sign test, of one run each; of 0/1 scores that is
    McNemar's exact test (1947). NaN of several runs, which are no networks trained anew.

    Args:
        a: [runs of a, instances].
        b: [runs of b, the same instances].
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
    """Those instances that every run has a score of, in double precision."""
    kept = ~(np.isnan(a).any(axis=0) | np.isnan(b).any(axis=0))
    return a[:, kept].astype(np.float64), b[:, kept].astype(np.float64)
