"""Scores of all runs and cells of a method in a number.

Source: Agarwal et al. 2021, *Deep reinforcement learning at the edge of the statistical
precipice* (rliable). Their stratified bootstrap is not used: it takes it that a run is as good in
one cell as it happens to be, whatever it is in another, and here one network answers all cells.
"""

import numpy as np
from scipy import stats

from experiments.statistics.intervals import Estimate
from experiments.statistics.methods import combined

CUT = 0.25  # of the scores at either end


def interquartile_mean(
    scores: np.ndarray, of_instances: np.ndarray, *, is_share: bool, is_error: bool
) -> Estimate:
    """Mean over runs of the interquartile mean of each run over its cells.

    The interval is over runs and instances, whether or not cells go together. What the instances
    of a cell give the mean counts by the share of runs in which the cell is in the middle half.

    Args:
        scores: [runs, cells].
        of_instances: the variance of the mean over runs on each cell by its instances [cells].
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
    """How likely a run of `a` is better than one of `b` in a cell: mean over the cells.

    That is Mann and Whitney's U by the number of pairs, in which a tie counts as half. Higher is
    better. It has no interval: it would have to know how runs differ, which a few do not tell.

    Args:
        a: [runs of a, cells].
        b: [runs of b, the same cells].
    """
    left, right = a[:, None, :], b[None, :, :]
    return float(((left > right) + 0.5 * (left == right)).mean())
