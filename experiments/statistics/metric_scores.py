"""Estimate the metrics of a method on a cell from the scores of every instance and run."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from data_gen.task import Task
from experiments.statistics.intervals import Estimate, Spread, estimate, linearised

Scores = dict[str, np.ndarray]  # of one run: metric -> scores of all instances [n]


class Found(NamedTuple):
    """A mean over runs and instances, with its variance components."""

    estimate: Estimate
    spread: Spread
    num_groups: int  # groups of instances drawn together: single instances, or pairs


def estimates(
    task: Task[Any], runs: Sequence[Scores], groups: np.ndarray
) -> Iterator[tuple[str, Found]]:
    """Yield the estimate of every metric; instances that were drawn together count as one.

    Args:
        task: the task, which defines the metrics.
        runs: the scores of each run, all on the same instances.
        groups: the number of the group of each instance [n], ascending.
    """
    relative = [task.relative(run) for run in runs]
    for name, metric in task.metrics.items():
        if all(name in of_run for of_run in relative):
            of = _grouped([of_run[name].scores for of_run in relative], groups)
            by = _grouped([of_run[name].by for of_run in relative], groups)
            values = linearised(of, by)
        elif all(name in run for run in runs):
            values = _grouped([run[name] for run in runs], groups)
        else:
            continue  # the scores are older than this metric
        found, spread = estimate(
            values, is_share=bool(metric.is_share), is_error=metric.perfect == 0
        )
        yield name, Found(found, spread, values.shape[1])


def _grouped(of_runs: Sequence[np.ndarray], groups: np.ndarray) -> np.ndarray:
    """Return the mean of each group over its scored instances, [runs, groups]; NaN if none is."""
    values = np.stack(of_runs).astype(np.float64)
    is_there = ~np.isnan(values).any(axis=0)
    if not is_there.any():
        return np.full((len(values), 1), np.nan)
    starts = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]])
    counts = np.add.reduceat(is_there.astype(int), starts)
    sums = np.add.reduceat(np.where(is_there, values, 0.0), starts, axis=1)
    return sums[:, counts > 0] / counts[counts > 0]
