"""The tables of a study in Markdown: the leaderboard, and the scores on every cell."""

import math
from collections.abc import Callable, Iterable, Sequence

from experiments.statistics.methods import over_cells, over_runs
from experiments.statistics.standings import best_first
from experiments.tables.rows import Row, method

SHIFTS = ("none", "size", "distribution", "both")


def leaderboard(rows: Sequence[Row], perfect: float) -> str:
    """Return a table of methods, in the order of `standings`, with their mean under every shift.

    Args:
        rows: rows of one task and one metric. A mean is over cells and runs, its interval over
            runs and instances.
        perfect: the score of the right answer; 0: lower is better.
    """
    methods = _by(rows, method)
    lines = [["method", "parameters", *(f"shift: {shift}" for shift in SHIFTS)]]
    for name in best_first(methods, perfect):
        by_shift = _by(methods[name], lambda row: row.shift)
        texts = [_over_cells(by_shift.get(shift, []), perfect) for shift in SHIFTS]
        lines.append([name, f"{methods[name][0].num_parameters:,}", *texts])
    return markdown(lines)


def transfer_matrix(rows: Sequence[Row]) -> str:
    """Return a table of cells x methods: mean over runs [95 % interval]."""
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
    """Return lines as a Markdown table; the first one is the header."""
    head, *body = ([cell.replace("|", "\\|") for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, ["---"] * len(head), *body])


def _by(rows: Iterable[Row], key: Callable[[Row], object]) -> dict:
    """Group rows by a key, in the order of the table."""
    groups: dict = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return groups


def _cell(row: Row) -> tuple[str, int, str]:
    return row.distribution, row.size, row.shift


def _over_cells(rows: list[Row], perfect: float) -> str:
    """Return the mean over cells and runs; a method undefined on one of the cells has none."""
    if not rows or any(math.isnan(row.mean) for row in rows):
        return "–"
    return _text(*over_cells(rows, is_error=not perfect))


def _text(mean: float, low: float, high: float) -> str:
    if math.isnan(mean):
        return "n/a"
    return f"{mean:.3g}" if math.isnan(low) else f"{mean:.3g} [{low:.3g}, {high:.3g}]"
