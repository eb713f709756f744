"""The tables of a study in Markdown: the methods in order, and what they score on every cell."""

import dataclasses
import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from experiments.statistics.intervals import over_runs
from experiments.statistics.standings import best_first
from experiments.tables.rows import Row, method

SHIFTS = ("none", "size", "distribution", "both")


def leaderboard(rows: Sequence[Row], perfect: float) -> str:
    """A line for each method, in the order of `standings`: its mean under every shift.

    Args:
        rows: of one task and one metric. A mean is over the cells of a seed and then over seeds,
            with the 95 % interval of Student's t where there are several.
        perfect: what the right answer scores in the metric; 0: the least is best.
    """
    methods = _by(rows, method)
    lines = [["method", "parameters", *(f"shift: {shift}" for shift in SHIFTS)]]
    for name in best_first(methods, perfect):
        by_shift = _by(methods[name], lambda row: row.shift)
        texts = [_over_cells(by_shift.get(shift, [])) for shift in SHIFTS]
        lines.append([name, f"{methods[name][0].num_parameters:,}", *texts])
    return markdown(lines)


def transfer_matrix(rows: Sequence[Row]) -> str:
    """A line for every cell, a column for each method: mean [95 % interval] over the runs."""
    methods = _by(rows, method)
    lines = [["distribution", "size", "shift", *methods]]
    names = list(_by(rows, lambda row: row.distribution))
    cells = sorted(_by(rows, _cell).items(), key=lambda item: (names.index(item[0][0]), item[0][1]))
    for (distribution, size, shift), of_cell in cells:
        values = _by(of_cell, method)
        texts = [_text(*over_runs(values[m])) if m in values else "–" for m in methods]
        lines.append([distribution, str(size), shift, *texts])
    return markdown(lines)


def markdown(lines: Iterable[Sequence[str]]) -> str:
    """A table of Markdown, of which the first line is the head."""
    head, *body = ([cell.replace("|", "\\|") for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, ["---"] * len(head), *body])


def _by(rows: Iterable[Row], key: Callable[[Row], object]) -> dict:
    """Rows that have the same key, in the order of the table."""
    groups: dict = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return groups


def _cell(row: Row) -> tuple[str, int, str]:
    return row.distribution, row.size, row.shift


def _over_cells(rows: list[Row]) -> str:
    """Over seeds, of the mean over cells; who is not defined on one of them has none."""
    runs = [_mean_cell(of) for of in _by(rows, lambda row: row.seed).values()]
    if len(runs) > 1:
        return _text(*over_runs(runs))
    return f"{runs[0].mean:.3g}" if runs and not math.isnan(runs[0].mean) else "–"


def _mean_cell(rows: list[Row]) -> Row:
    """The cells of one run as one; its ends are the outermost of theirs."""
    ends = {"low": min(row.low for row in rows), "high": max(row.high for row in rows)}
    return dataclasses.replace(rows[0], mean=float(np.mean([row.mean for row in rows])), **ends)


def _text(mean: float, low: float, high: float) -> str:
    return "n/a" if math.isnan(mean) else f"{mean:.3g} [{low:.3g}, {high:.3g}]"
