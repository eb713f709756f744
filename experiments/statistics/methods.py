"""The score of a method on one or several cells, from the rows of its runs."""

from collections.abc import Sequence

import numpy as np

from experiments.statistics.intervals import Estimate, Spread, interval
from experiments.tables.rows import Row


def over_runs(rows: Sequence[Row]) -> Estimate:
    """Return the mean of one metric on one cell over the runs of a method, with its interval.

    The interval is over runs and instances at once, from estimates.csv; for a single run it is the
    interval of its row, over instances. There is no interval if neither is known.

    Args:
        rows: rows of one method, metric and cell.
    """
    if len(rows) == 1:
        return Estimate(rows[0].mean, rows[0].low, rows[0].high)
    mean, known = float(np.mean([row.mean for row in rows])), rows[0].estimate
    if known is None or known.num_runs != len(rows):
        return Estimate(mean, np.nan, np.nan)
    return Estimate(mean, known.low, known.high)


def of_instances(rows: Sequence[Row]) -> float:
    """Return the variance of a method's mean on one cell due to the instances; NaN: unknown."""
    known = rows[0].estimate
    return np.nan if known is None else known.of_instances


def over_cells(rows: Sequence[Row], *, is_error: bool) -> Estimate:
    """Return the mean over equally weighted cells and runs, with its interval.

    The interval is over runs and instances.

    Args:
        rows: rows of one method and metric, one for each run and cell.
        is_error: whether scores lie above 0 and have no upper bound.
    """
    runs = sorted({row.seed for row in rows})
    cells: dict[object, list[Row]] = {}
    for row in rows:
        cells.setdefault((row.task, row.distribution, row.size), []).append(row)
    means = np.array([np.mean([row.mean for row in rows if row.seed == run]) for run in runs])
    shared = float(np.sum([of_instances(of) for of in cells.values()])) / len(cells) ** 2
    mean, is_share = float(means.mean()), rows[0].is_share
    return combined(means, shared, is_share=is_share, is_error=is_error)._replace(mean=mean)


def combined(
    of_runs: np.ndarray, of_instances: float, *, is_share: bool, is_error: bool
) -> Estimate:
    """Return the mean over runs of a number computed from several cells, with its interval.

    Args:
        of_runs: the number of each run [S].
        of_instances: the variance of the mean due to the instances of all cells.
        is_share: whether the number lies between 0 and 1.
        is_error: whether the number lies above 0 and has no upper bound.
    """
    mean, num_runs = float(np.mean(of_runs)), len(of_runs)
    if not np.isfinite(of_runs).all():
        return Estimate(mean, np.nan, np.nan)
    between = float(np.var(of_runs, ddof=1)) / num_runs if num_runs > 1 else 0.0
    spread = Spread(mean, num_runs, between, of_instances, 0.0)
    return interval(spread, is_share=is_share, is_error=is_error)
