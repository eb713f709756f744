"""Scores as text for the terminal: a table for every task, and the ranking of methods."""

import math
from collections.abc import Mapping, Sequence

from experiments.statistics.intervals import Estimate
from experiments.statistics.methods import over_runs
from experiments.statistics.standings import Goal, Standing, standings
from experiments.tables.rows import Row, method


def format_table(rows: Sequence[Row], metric: str | None = None) -> str:
    """Return one metric as text: for every task a table of cells x methods.

    The metric is the first one of each task if `metric` is None.
    """
    texts = []
    for task in dict.fromkeys(row.task for row in rows):
        of_task = [row for row in rows if row.task == task]
        name = metric or of_task[0].metric
        lines = _lines([row for row in of_task if row.metric == name])
        texts.append(f"{task}: {name}, mean [{interval_of(of_task)}]\n{aligned(lines)}")
    return "\n\n".join(texts)


def interval_of(rows: Sequence[Row]) -> str:
    """Return the words for the intervals of a table, whose methods have several runs or one."""
    counts: dict[tuple[str, str], set[int]] = {}
    for row in rows:
        counts.setdefault((row.task, row.model), set()).add(row.seed)
    if max(map(len, counts.values()), default=1) > 1:
        return "95 % interval over runs and instances; of a single run, over instances"
    return "95 % interval of this run, over instances"


def _lines(rows: Sequence[Row]) -> list[list[str]]:
    """Return the lines for one task and metric: a header, then one line for every cell."""
    values: dict[tuple[str, int, str], dict[str, list[Row]]] = {}
    for row in rows:
        cell = values.setdefault((row.distribution, row.size, row.shift), {})
        cell.setdefault(method(row), []).append(row)
    methods = list(dict.fromkeys(map(method, rows)))
    head = ["distribution", "size", "shift", *methods]
    return [head] + [
        [cell[0], str(cell[1]), cell[2], *(with_interval(of.get(name, [])) for name in methods)]
        for cell, of in values.items()
    ]


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """Return lines of equally many values as text, each column as wide as its widest value."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(value.ljust(width) for value, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def with_interval(rows: Sequence[Row], estimate: Estimate | None = None) -> str:
    """Return the mean and interval of a method on a cell; of `estimate` if one is given."""
    if not rows:
        return "–"
    mean, low, high = over_runs(rows) if estimate is None else estimate
    if math.isnan(mean):  # the model is undefined for graphs of that size
        return "n/a"
    ends = "" if math.isnan(low) else f" [{_short(low)}, {_short(high)}]"
    return f"{_short(mean)}{ends}"


def _short(value: float) -> str:
    """Return a number with two decimals; with two digits if small, with three if large."""
    if value == 0 or 0.1 <= abs(value) < 10:
        return f"{value:.2f}"
    return f"{value:.2g}" if abs(value) < 0.1 else f"{value:.3g}"


def ranking(
    title: str, methods: Mapping[str, Sequence[Row]], goal: Goal, baseline: str | None
) -> str:
    """Return a ranking as text: one line for every method, best first.

    Raises:
        UserError: there is no such baseline, or no cell that is shifted for all methods.
    """
    found, cells = standings(methods, goal, baseline)
    kind, sign = ("score", "≥") if goal.perfect else ("error", "≤")
    iqm, of_reach = f"IQM of shifted cells ({len(cells)})", f"reach at {sign} {goal.threshold:g}"
    head = ["method", "runs", iqm, "as trained", "gap", of_reach]
    lines = [[*head, f"P(better than {baseline})"] if baseline else head]
    for standing in found:
        line = [standing.method, str(standing.num_runs)]
        line += [_with_ends(standing.shifted), f"{standing.home:.3g}"]
        line += [_with_ends(standing.gap), _reach(standing)]
        better = "–" if standing.better is None else f"{standing.better:.2g}"
        lines.append([*line, better] if baseline else line)
    what = interval_of([row for rows in methods.values() for row in rows])
    return f"{title} ({kind}), [{what}]\n{aligned(lines)}"


def _with_ends(estimate: Estimate) -> str:
    ends = "" if math.isnan(estimate.low) else f" [{estimate.low:.2g}, {estimate.high:.2g}]"
    return f"{estimate.mean:.2g}{ends}"


def _reach(standing: Standing) -> str:
    """Return the reach of the mean over runs, with the least and the greatest of a run."""
    low, high = min(standing.reaches), max(standing.reaches)
    return f"{standing.reach:.3g}x ({low:.3g}–{high:.3g})"
