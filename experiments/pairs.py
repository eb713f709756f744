"""Two methods on the same instances: the difference, and who wins how often."""

from typing import NamedTuple

import numpy as np
from scipy import stats

from experiments.statistics import NUM_RESAMPLES


class Difference(NamedTuple):
    """Mean of a - b with its 95 % interval, over the instances that both have a score of."""

    mean: float
    low: float
    high: float
    num_instances: int


def difference(a: np.ndarray, b: np.ndarray, rng: np.random.Generator) -> Difference:
    """What `a` scores more than `b`, paired by instance.

    The interval is a percentile bootstrap (1,000 draws) of the instances, the same for both, and of
    the runs of each. Instances without a score (NaN) in any run are left out.

    Args:
        a: [runs of a, instances].
        b: [runs of b, the same instances].
        rng: draws instances and runs.
    """
    a, b = defined(a, b)
    if a.shape[1] == 0:
        return Difference(np.nan, np.nan, np.nan, 0)
    runs_a, runs_b = (rng.integers(len(s), size=(NUM_RESAMPLES, len(s))) for s in (a, b))
    drawn = rng.integers(a.shape[1], size=(NUM_RESAMPLES, a.shape[1]))
    means = [
        float((a[i].mean(axis=0) - b[j].mean(axis=0))[k].mean())
        for i, j, k in zip(runs_a, runs_b, drawn, strict=True)
    ]
    low, high = np.quantile(means, [0.025, 0.975])
    return Difference(float(a.mean() - b.mean()), float(low), float(high), a.shape[1])


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
