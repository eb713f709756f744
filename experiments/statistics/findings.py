"""Say in a few sentences what a table of scores shows: who is best, as trained and beyond."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from experiments.statistics.matrix import by_method, is_home
from experiments.tables.goals import MetricGoal, perfect_of
from experiments.tables.rows import Row


class Best(NamedTuple):
    """The best of several methods on some cells."""

    method: str
    mean: float  # over runs and cells


def findings(rows: Sequence[Row], goals: Sequence[MetricGoal]) -> list[str]:
    """Return sentences on the cells as trained, the largest size, and other distributions.

    Tasks that share their first metric and the cells of training are compared with one another. A
    metric whose right answer is unknown has no sentence.

    Args:
        rows: a study's scores.
        goals: the score of the right answer in each metric.
    """
    first: dict[str, str] = {}
    for row in rows:
        first.setdefault(row.task, row.metric)
    known = {(goal.task, goal.metric) for goal in goals if goal.perfect in (0, 1)}
    groups: dict[tuple[str, frozenset[tuple[str, int]]], list[str]] = {}
    for task, metric in first.items():
        if (task, metric) in known:
            of_task = [row for row in rows if row.task == task and is_home(row)]
            home = frozenset((row.distribution, row.size) for row in of_task)
            groups.setdefault((metric, home), []).append(task)
    found = []
    for (metric, _), tasks in groups.items():
        mine = [row for row in rows if row.task in tasks and row.metric == metric]
        name = f"{', '.join(tasks)}: " if len(groups) > 1 else ""
        perfect = perfect_of(goals, tasks[0], metric)
        found += [name + sentence for sentence in _of_metric(mine, perfect)]
    return found


def _of_metric(rows: Sequence[Row], perfect: float) -> list[str]:
    """Return the sentences of one metric."""
    home = [row for row in rows if is_home(row)]
    if not home:
        return []
    families = {row.distribution for row in home}
    trained, metric = max(row.size for row in home), rows[0].metric
    larger = [r for r in rows if r.distribution in families and r.size > trained]
    others = [r for r in rows if r.distribution not in families]
    as_trained = [row for row in home if row.size == trained]
    found = _sentence(f"{metric} as trained, {_cells(as_trained)}", as_trained, perfect)
    if larger:
        most = max(row.size for row in larger)
        largest = [row for row in larger if row.size == most]
        times = f"{most / trained:.3g} times the size"
        found += _sentence(f"{metric} at {times}, {_cells(largest)}", largest, perfect)
    if others:
        most = max(row.size for row in others)
        largest = [row for row in others if row.size == most]
        number = len({row.distribution for row in largest})
        named = f"{number} other distribution{'s' if number > 1 else ''}, size {most}"
        found += _sentence(f"{metric} on {named}", largest, perfect)
    return found


def _cells(rows: Iterable[Row]) -> str:
    return ", ".join(dict.fromkeys(f"{row.distribution} {row.size}" for row in rows))


def _sentence(where: str, rows: Sequence[Row], perfect: float) -> list[str]:
    """Return one sentence on some cells; none if no method has an answer on all of them."""
    cells = {(row.distribution, row.size) for row in rows}
    means: dict[bool, list[Best]] = {True: [], False: []}
    for name, mine in by_method(rows).items():
        mean = _mean(mine, cells)
        if mean is not None:
            means[mine[0].num_parameters > 0].append(Best(name, mean))
    number = len({best.method.partition("@")[0] for best in means[True]})  # whatever the steps
    of = f", the best of {number} networks" if number > 1 else ""
    parts = [f"{one.method} has {one.mean:.3g}{of}" for one in _best(means[True], perfect)]
    parts += [
        f"without parameters {one.method} has {one.mean:.3g}"
        for one in _best(means[False], perfect)
    ]
    return [f"{where}: {'; '.join(parts)}."] if parts else []


def _best(found: Sequence[Best], perfect: float) -> list[Best]:
    """Return the best method, or nothing of nothing."""
    return sorted(found, key=lambda best: best.mean, reverse=bool(perfect))[:1]


def _mean(rows: Sequence[Row], cells: set[tuple[str, int]]) -> float | None:
    """Return the mean over runs and cells; None if a cell is missing or has no answer."""
    scored: Mapping[tuple[str, int], list[float]] = {cell: [] for cell in cells}
    for row in rows:
        scored[row.distribution, row.size].append(row.mean)
    if not all(scored.values()):
        return None
    mean = float(np.mean([np.mean(values) for values in scored.values()]))
    return None if np.isnan(mean) else mean
