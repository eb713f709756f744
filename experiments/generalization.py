"""What is lost from training to a shifted cell, and how far a method reaches."""

from collections.abc import Mapping

import numpy as np

from experiments.statistics import Estimate, over_seeds

ROUNDING = 1e-9  # of a mean of scores


def transfer_gap(home: np.ndarray, shifted: np.ndarray, *, perfect: float) -> Estimate:
    """What is lost by a shift, run by run: above 0 means lost, of scores and of errors alike.

    The interval over runs is Student's; NaN where there is a single run.

    Args:
        home: the score in distribution, [runs].
        shifted: that of shifted cells, of the same runs, [runs].
        perfect: what the right answer scores: 1, or 0 where the score is an error.
    """
    lost = (home - shifted) if perfect else (shifted - home)
    if len(lost) < 2 or not np.isfinite(lost).all():
        return Estimate(float(lost.mean()), np.nan, np.nan)
    return over_seeds(lost)


def reach(
    scores: Mapping[int, float], home_size: int, threshold: float, *, perfect: float
) -> float:
    """The largest multiple of the training size up to which every score is good enough.

    Sizes below the training size do not count, nor do those beyond the first that is not good
    enough. 0: not even the training size is; NaN: it was not tested.

    Args:
        scores: by size, on the training family. NaN is not good enough.
        home_size: the largest training size.
        threshold: at least this is good enough; where the score is an error, at most this.
        perfect: what the right answer scores: 1, or 0 where the score is an error.
    """
    if home_size not in scores:
        return float("nan")
    sizes = sorted(size for size in scores if size >= home_size)
    reached = 0.0
    for size in sizes:
        short = threshold - scores[size] if perfect else scores[size] - threshold
        if not short <= ROUNDING:
            break
        reached = size / home_size
    return reached
