"""Aggregate the scores of a method over all its runs and cells into one number.

Source: Agarwal et al. 2021, *Deep reinforcement learning at the edge of the statistical
precipice* (rliable). Their stratified bootstrap is not used: it resamples the runs of each cell
independently, but here one network answers all cells.
"""

import numpy as np
from scipy import stats

from experiments.statistics.intervals import Estimate
from experiments.statistics.methods import combined

CUT = 0.25  # share of the scores that is cut at either end


def interquartile_mean(
    scores: np.ndarray, of_instances: np.ndarray, *, is_share: bool, is_error: bool
) -> Estimate:
    """Mean over runs of the interquartile mean of each run over its cells.

    The interval is over runs and instances; scores on different cells may be correlated. The
    instance variance of a cell is weighted by the share of runs in which the cell lies in the
    middle half.

    Args:
        scores: [runs, cells].
        of_instances: for each cell, the variance of its mean due to the instances [cells].
        is_share: whether scores lie between 0 and 1.
        is_error: whether scores lie above 0 and have no upper bound.
    """
    means = stats.trim_mean(scores, CUT, axis=1)
    num_cells = scores.shape[1]
    num_cut = int(CUT * num_cells)
    rank = scores.argsort(axis=1).argsort(axis=1)
    is_kept = (rank >= num_cut) & (rank < num_cells - num_cut)
    weights = is_kept.mean(axis=0) / (num_cells - 2 * num_cut)
    shared = float((weights[weights > 0] ** 2 * of_instances[weights > 0]).sum())
    return combined(means, shared, is_share=is_share, is_error=is_error)


def probability_of_improvement(a: np.ndarray, b: np.ndarray) -> float:
    """Return the probability that a run of `a` beats a run of `b` in a cell, mean over cells.

    This is Mann and Whitney's U divided by the number of pairs, with ties counted as half. Higher
    scores are better. There is no interval: a few runs do not tell how runs vary.

    Args:
        a: [runs of a, cells].
        b: [runs of b, the same cells].
    """
    left, right = a[:, None, :], b[None, :, :]
    return float(((left > right) + 0.5 * (left == right)).mean())
