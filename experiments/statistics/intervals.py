"""One interval for the mean of a method on a cell: over runs and over instances at once.

S runs of a method answer the same n instances. Both are samples: trained anew, a method gives other
networks; drawn anew, a cell has other instances. An interval that leaves out either is too narrow.
`python -m benchmarks.coverage` simulates how often these intervals hold the truth.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy import stats
from scipy.special import expit, logit

FEWEST_OF_A_SHARE = 50  # instances; below, an interval holds the truth too rarely
FEWEST_OF_AN_ERROR = 500  # the mean of errors without an upper bound is skewed for longer
MOST_OF_ONE = 0.2  # of the sum of all scores, that a single instance may have
MOST_APART = 0.5  # run means of a share; further apart, the runs are of two kinds
MOST_TIMES = 5.0  # the largest run mean of an error by the smallest
UNDERSTATED = 1.5  # the skewness of a law with a long tail by that of a sample, roughly
NODES = 400  # of a quadrature over the law of a variance
SHARES_OF_RUNS = np.linspace(0, 1, 101)  # at which quantiles are worked out, others between


class Estimate(NamedTuple):
    """A mean and its 95 % interval; NaN where there is no interval that can be trusted."""

    mean: float
    low: float
    high: float


class Spread(NamedTuple):
    """A mean, and the variance that the choice of the runs and of the instances gives it."""

    mean: float
    num_runs: float  # S; one more than the degrees of freedom of `of_runs`
    of_runs: float  # variance of the mean by the runs, and by their noise
    of_instances: float  # by the instances, in what all runs have in common
    skewness: float  # of the mean over instances: third standardised moment by the root of n

    @property
    def variance(self) -> float:
        """Of the mean, in all."""
        return self.of_runs + self.of_instances


def spread_of(scores: np.ndarray) -> Spread:
    """Variance components of the mean of scores [S, n], runs crossed with instances.

    The score of run s on instance i is y = μ + a_s + b_i + ε_si. The means of runs vary by
    σ_a² + σ_ε² / n, those of instances by σ_b² + σ_ε² / S. Of a single run, σ_a is unknown and left
    out, and ε counts as of the instances. Source: Searle, Casella & McCulloch 1992, *Variance
    components*, section 4.4.
    """
    num_runs, num_instances = scores.shape
    mean = float(scores.mean())
    of_each = scores.mean(axis=0)
    between = float(of_each.var(ddof=1)) / num_instances
    skewness = UNDERSTATED * _skewness(of_each) / np.sqrt(num_instances)
    if num_runs == 1:
        return Spread(mean, 1, 0.0, between, skewness)
    of_runs = float(scores.mean(axis=1).var(ddof=1)) / num_runs
    return Spread(mean, num_runs, of_runs, max(0.0, between - noise_of(scores)), skewness)


def _skewness(values: np.ndarray) -> float:
    """The third standardised moment of values [n]; 0 where they are all alike."""
    centred = values - values.mean()
    variance = float((centred**2).mean())
    return float((centred**3).mean()) / variance**1.5 if variance > 0 else 0.0


def noise_of(scores: np.ndarray) -> float:
    """Variance of the mean of scores [S, n] by ε, which is of neither a run nor an instance."""
    num_runs, num_instances = scores.shape
    if num_runs == 1:
        return 0.0
    noise = scores - scores.mean(axis=1, keepdims=True) - scores.mean(axis=0) + scores.mean()
    degrees = (num_runs - 1) * (num_instances - 1)
    return float((noise**2).sum()) / degrees / (num_runs * num_instances)


def quantile(share_of_runs: float, degrees: float) -> float:
    """How many standard deviations wide each half of a 95 % interval is.

    The variance is a sum of a part by the runs, known to few degrees of freedom, and a part by the
    instances, known well. Satterthwaite's approximation (1946) is a little too narrow where both
    count, the generalised pivot of Weerahandi (1993) a little too wide: this is their mean. It is
    Student's where the runs are all that counts, and normal where the instances are.

    Args:
        share_of_runs: of the variance, in [0, 1].
        degrees: of freedom of the part by the runs, at least 1.
    """
    return float(np.interp(share_of_runs, SHARES_OF_RUNS, _quantiles(round(degrees, 1))))


@lru_cache
def _quantiles(degrees: float) -> np.ndarray:
    """The same at each of `SHARES_OF_RUNS`, [101]."""
    share = SHARES_OF_RUNS[:, None]
    places = (np.arange(NODES) + 0.5) / NODES
    relative = stats.chi2.ppf(places, degrees) / degrees  # found variance by the true one
    deviations = np.sqrt(share / relative + 1 - share)  # [101, NODES]
    low, high = np.ones(len(share)), np.full(len(share), 1000.0)
    for _ in range(60):
        middle = (low + high) / 2
        held = (2 * stats.norm.cdf(middle[:, None] / deviations) - 1).mean(axis=1)
        low, high = np.where(held < 0.95, middle, low), np.where(held < 0.95, high, middle)
    satterthwaite = np.full(len(share), stats.norm.ppf(0.975))
    satterthwaite[1:] = stats.t.ppf(0.975, degrees / SHARES_OF_RUNS[1:] ** 2)
    return (high + satterthwaite) / 2


def interval(spread: Spread, *, is_share: bool, is_error: bool) -> Estimate:
    """The 95 % interval of a mean; NaN where nothing varies.

    Of a share, on the logistic scale, so that it ends within 0 and 1. Of others, by Hall's cubic
    transformation of Student's statistic (1992), which moves the interval to the side of the long
    tail; the means of the runs of an error are taken to be log-normal.

    Args:
        spread: of the mean.
        is_share: whether scores lie between 0 and 1.
        is_error: whether scores lie above 0.
    """
    mean, variance = spread.mean, spread.variance
    if not (np.isfinite(variance) and variance > 0) or (is_share and not 0 < mean < 1):
        return Estimate(mean, np.nan, np.nan)
    share_of_runs, deviation = spread.of_runs / variance, float(np.sqrt(variance))
    width = quantile(share_of_runs, max(1.0, spread.num_runs - 1))
    if is_share:
        half = width * deviation / (mean * (1 - mean))
        return Estimate(mean, float(expit(logit(mean) - half)), float(expit(logit(mean) + half)))
    skewness = spread.skewness * (1 - share_of_runs) ** 1.5
    if is_error and mean > 0:
        skewness += 3 * np.sqrt(spread.of_runs) / mean * share_of_runs**1.5
    low = mean - deviation * _untransformed(width, skewness)
    high = mean - deviation * _untransformed(-width, skewness)
    return Estimate(mean, max(0.0, low) if is_error else low, high)


def _untransformed(value: float, skewness: float) -> float:
    """The t with t + g t² / 3 + g² t³ / 27 + g / 6 equal to the value, g the skewness."""
    if abs(skewness) < 1e-9:
        return value
    return float(3 / skewness * (np.cbrt(1 + skewness * (value - skewness / 6)) - 1))


def estimate(scores: np.ndarray, *, is_share: bool, is_error: bool) -> tuple[Estimate, Spread]:
    """Mean of scores [S, n] over runs and instances, with its interval where it can be trusted.

    There is none where there are too few instances, where one of them makes up a fifth of the mean
    of an error, or where runs are so far apart that they are of two kinds: then each run has to be
    looked at.
    """
    scores = scores.astype(np.float64)
    if not np.isfinite(scores).all() or scores.shape[1] < 2:
        mean = float(scores.mean()) if scores.size else np.nan
        return Estimate(mean, np.nan, np.nan), Spread(mean, len(scores), np.nan, np.nan, np.nan)
    spread = spread_of(scores)
    if not _can_be_trusted(scores, is_share=is_share, is_error=is_error):
        return Estimate(spread.mean, np.nan, np.nan), spread
    return interval(spread, is_share=is_share, is_error=is_error), spread


def _can_be_trusted(scores: np.ndarray, *, is_share: bool, is_error: bool) -> bool:
    of_run, num_instances = scores.mean(axis=1), scores.shape[1]
    if is_share:
        return num_instances >= FEWEST_OF_A_SHARE and float(np.ptp(of_run)) <= MOST_APART
    if num_instances < FEWEST_OF_AN_ERROR:
        return False
    if not is_error:
        return True
    of_each = scores.mean(axis=0)
    is_spread_out = of_each.max() <= MOST_OF_ONE * of_each.sum()
    return bool(is_spread_out and of_run.max() <= MOST_TIMES * of_run.min())


def linearised(scores: np.ndarray, by: np.ndarray) -> np.ndarray:
    """Of a ratio of means, the value of each run and instance whose mean is the ratio: [S, n].

    The mean over runs of mean(scores) / mean(by), and to first order what each instance adds.
    Source: the delta method; Cochran 1977, *Sampling techniques*, section 6.4.

    Args:
        scores: [S, n].
        by: of the same instances [S, n].
    """
    tiny = float(np.finfo(np.float32).tiny)
    denominator = np.maximum(by.mean(axis=1, keepdims=True), tiny)
    ratio = scores.mean(axis=1, keepdims=True) / denominator
    return ratio + (scores - ratio * by) / denominator
