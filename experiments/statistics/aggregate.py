"""Scores of all runs and cells of a method in a number, with intervals over the runs.

Source: Agarwal et al. 2021, *Deep reinforcement learning at the edge of the statistical
precipice* (rliable). Higher is better here: `score_matrix.goodness` turns errors around.
"""

import numpy as np
from scipy import stats

from experiments.statistics.intervals import Estimate, bootstrap, over_seeds


def interquartile_mean(scores: np.ndarray, rng: np.random.Generator) -> Estimate:
    """Mean of the middle half of all scores [runs, cells], with a stratified bootstrap interval.

    Of every cell the runs are drawn anew, with replacement and by itself; the interval is that of
    the 95 % in the middle of 2,000 such draws. It has no ends (NaN) where there is a single run.
    It is right for many runs, with cells that have nothing to do with one another. A run that is
    good in one cell tends to be so in others, and then it is too narrow: `of_each_run` is not.
    """
    point = float(stats.trim_mean(scores.ravel(), 0.25))
    if len(scores) < 2:
        return Estimate(point, np.nan, np.nan)

    def middle(drawn: np.ndarray) -> np.ndarray:
        return stats.trim_mean(drawn.reshape(len(drawn), -1), 0.25, axis=1)

    return Estimate(point, *bootstrap(middle, scores, rng=rng, stratified=True))


def of_each_run(scores: np.ndarray) -> Estimate:
    """Mean over runs of the interquartile mean of each run over its cells, [runs, cells].

    The interval is Student's, over runs: it holds whether or not cells go together. NaN where
    there is a single run, or an infinite error in the middle half.
    """
    means = stats.trim_mean(scores, 0.25, axis=1)
    if len(means) < 2 or not np.isfinite(means).all():
        return Estimate(float(means.mean()), np.nan, np.nan)
    return over_seeds(means)


def probability_of_improvement(a: np.ndarray, b: np.ndarray, rng: np.random.Generator) -> Estimate:
    """How likely a run of `a` is better than one of `b` in a cell: mean over the cells.

    That is Mann and Whitney's U by the number of pairs, in which a tie counts as half. The
    interval is a stratified bootstrap, of both; NaN where both have a single run.

    Args:
        a: [runs of a, cells].
        b: [runs of b, the same cells].
        rng: draws the runs.
    """
    point = float(_superiority(a[None], b[None])[0])
    if len(a) < 2 and len(b) < 2:
        return Estimate(point, np.nan, np.nan)
    return Estimate(point, *bootstrap(_superiority, a, b, rng=rng, stratified=True))


def _superiority(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Share of pairs that `a` wins, mean over cells: [..., runs, cells] -> [...]."""
    left, right = a[..., :, None, :], b[..., None, :, :]
    won = (left > right) + 0.5 * (left == right)
    return won.mean(axis=(-1, -2, -3))
