"""Confidence intervals for the mean score of a method on a cell, over runs and instances at once.

S runs of a method answer the same n instances. Both are samples: training again gives other
networks, and drawing the cell again gives other instances. An interval that ignores either is too
narrow. `python -m benchmarks.coverage` simulates how often these intervals contain the true mean.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy import stats
from scipy.special import expit, logit

FEWEST_OF_A_SHARE = 50  # instances; with fewer, the coverage of an interval is too low
FEWEST_OF_AN_ERROR = 500  # more, because a mean of unbounded errors stays skewed for longer
MOST_OF_ONE = 0.2  # largest part of the sum of scores that a single instance may have
MOST_APART = 0.5  # largest range of the run means of a share; beyond it runs are bimodal
MOST_TIMES = 5.0  # largest ratio of the greatest run mean of an error to the smallest
UNDERSTATED = 1.5  # rough ratio of the skewness of a long-tailed law to that of its sample
NODES = 400  # of the quadrature over the distribution of a sample variance
SHARES_OF_RUNS = np.linspace(0, 1, 101)  # grid of quantiles; others are interpolated


class Estimate(NamedTuple):
    """A mean and its 95 % interval; the ends are NaN where no interval can be trusted."""

    mean: float
    low: float
    high: float


class Spread(NamedTuple):
    """A mean, and its variance due to the choice of runs and of instances."""

    mean: float
    num_runs: float  # S; one more than the degrees of freedom of `of_runs`
    of_runs: float  # variance of the mean due to the runs and their noise
    of_instances: float  # variance due to the instances, in what all runs share
    skewness: float  # of the mean over instances: third standardised moment over the root of n

    @property
    def variance(self) -> float:
        """The total variance of the mean."""
        return self.of_runs + self.of_instances


def spread_of(scores: np.ndarray) -> Spread:
    """Return the variance components of the mean of scores [S, n], runs crossed with instances.

    The score of run s on instance i is y = μ + a_s + b_i + ε_si. Run means have the variance
    σ_a² + σ_ε² / n, instance means σ_b² + σ_ε² / S. With a single run, σ_a is unknown and left
    out, and ε counts towards the instances. Source: Searle, Casella & McCulloch 1992, *Variance
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
    """Return the third standardised moment of values [n]; 0 if all are equal."""
    centred = values - values.mean()
    variance = float((centred**2).mean())
    return float((centred**3).mean()) / variance**1.5 if variance > 0 else 0.0


def noise_of(scores: np.ndarray) -> float:
    """Return the variance of the mean of scores [S, n] due to ε, the run-instance interaction."""
    num_runs, num_instances = scores.shape
    if num_runs == 1:
        return 0.0
    noise = scores - scores.mean(axis=1, keepdims=True) - scores.mean(axis=0) + scores.mean()
    degrees = (num_runs - 1) * (num_instances - 1)
    return float((noise**2).sum()) / degrees / (num_runs * num_instances)


def quantile(share_of_runs: float, degrees: float) -> float:
    """Return the half-width of a 95 % interval in standard deviations.

    The variance is the sum of a part due to the runs, known to few degrees of freedom, and a part
    due to the instances, known well. Satterthwaite's approximation (1946) is a little too narrow
    where both matter, the generalised pivot of Weerahandi (1993) a little too wide: this is their
    mean. It equals Student's quantile if only the runs matter, the normal one if only instances do.

    Args:
        share_of_runs: the part of the variance that is due to the runs, in [0, 1].
        degrees: degrees of freedom of that part, at least 1.
    """
    return float(np.interp(share_of_runs, SHARES_OF_RUNS, _quantiles(round(degrees, 1))))


@lru_cache
def _quantiles(degrees: float) -> np.ndarray:
    """Return the half-widths at each of `SHARES_OF_RUNS`, [101]."""
    share = SHARES_OF_RUNS[:, None]
    places = (np.arange(NODES) + 0.5) / NODES
    relative = stats.chi2.ppf(places, degrees) / degrees  # sample variance over the true one
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
    """Return the 95 % interval of a mean; its ends are NaN if nothing varies.

    The interval of a share is computed on the logistic scale, so it stays within 0 and 1. Other
    intervals use Hall's cubic transformation of Student's statistic (1992), which shifts them
    towards the long tail; the run means of an error are taken to be log-normal.

    Args:
        spread: the mean with its variance components.
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
    """Solve t + g t² / 3 + g² t³ / 27 + g / 6 = value for t, where g is the skewness."""
    if abs(skewness) < 1e-9:
        return value
    return float(3 / skewness * (np.cbrt(1 + skewness * (value - skewness / 6)) - 1))


def estimate(scores: np.ndarray, *, is_share: bool, is_error: bool) -> tuple[Estimate, Spread]:
    """Return the mean of scores [S, n] over runs and instances, with its interval.

    There is no interval if there are too few instances, if one instance makes up a fifth of the
    mean of an error, or if the runs are so far apart that they look bimodal: then each run must be
    inspected on its own.
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
    """Linearise a ratio of means: return values [S, n] whose mean is the ratio.

    The ratio is the mean over runs of mean(scores) / mean(by); each value holds the first-order
    contribution of one instance.
    Source: the delta method; Cochran 1977, *Sampling techniques*, section 6.4.

    Args:
        scores: numerators [S, n].
        by: denominators of the same instances [S, n].
    """
    tiny = float(np.finfo(np.float32).tiny)
    denominator = np.maximum(by.mean(axis=1, keepdims=True), tiny)
    ratio = scores.mean(axis=1, keepdims=True) / denominator
    return ratio + (scores - ratio * by) / denominator
