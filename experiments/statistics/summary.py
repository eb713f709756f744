"""A study's scores as text with one line for every method, which fits on a terminal."""

from collections.abc import Iterable, Sequence, Set

from experiments.statistics.matrix import Cell, by_method, is_home
from experiments.statistics.methods import over_cells
from experiments.statistics.text import aligned, interval_of, with_interval
from experiments.tables.goals import MetricGoal
from experiments.tables.rows import Row


def summary(rows: Sequence[Row], goals: Sequence[MetricGoal]) -> str:
    """Return the first metric of every task: a line for each method, the trained ones first.

    The columns are the sizes of each distribution of training, then the mean over the other
    distributions at the largest size that they have. All cells are in transfer.csv.

    Args:
        rows: a study's scores.
        goals: the score of the right answer in each metric.
    """
    errors = {(goal.task, goal.metric) for goal in goals if goal.perfect == 0}
    texts = []
    for task in dict.fromkeys(row.task for row in rows):
        metric = next(row.metric for row in rows if row.task == task)
        mine = [row for row in rows if (row.task, row.metric) == (task, metric)]
        lines = _lines(mine, is_error=(task, metric) in errors)
        texts.append(f"{task}: {metric}, mean [{interval_of(mine)}]\n{aligned(lines)}")
    return "\n\n".join(texts)


def _lines(rows: Sequence[Row], *, is_error: bool) -> list[list[str]]:
    """Return the lines for one metric: a header, then one line for every method."""
    columns = _columns(rows)
    lines = [["method", "parameters", *_headings(columns)]]
    methods = sorted(by_method(rows).items(), key=lambda item: item[1][0].num_parameters == 0)
    for name, mine in methods:
        values = [_value(mine, cells, is_error=is_error) for cells in columns.values()]
        lines.append([name, f"{mine[0].num_parameters:,}", *values])
    return lines


def _columns(rows: Sequence[Row]) -> dict[str, set[Cell]]:
    """Return the cells of every column, by its heading."""
    families = list(dict.fromkeys(row.distribution for row in rows if is_home(row)))
    near = {(r.distribution, r.size) for r in rows if r.distribution in families}
    others = {(r.distribution, r.size) for r in rows if r.distribution not in families}
    in_order = sorted(near, key=lambda cell: (families.index(cell[0]), cell[1]))
    columns = {f"{name} {size}": {(name, size)} for name, size in in_order}
    if others:
        largest = max(size for _, size in others)
        far = {cell for cell in others if cell[1] == largest}
        columns[f"{len(far)} other distribution{'s' * (len(far) > 1)}, {largest}"] = far
    return columns


def _headings(columns: Iterable[str]) -> list[str]:
    """Return headings in which a distribution of several columns is named once, in the first."""
    seen: set[str] = set()
    headings = []
    for column in columns:
        name, _, size = column.rpartition(" ")
        headings.append(size if name in seen else column)
        seen.add(name)
    return headings


def _value(rows: Sequence[Row], cells: Set[Cell], *, is_error: bool) -> str:
    """Return a method's mean over runs and cells with its interval; a dash if a cell is missing."""
    found = [row for row in rows if (row.distribution, row.size) in cells]
    if {(row.distribution, row.size) for row in found} != cells:
        return "–"
    if len(cells) == 1:
        return with_interval(found)
    return with_interval(found, over_cells(found, is_error=is_error))
