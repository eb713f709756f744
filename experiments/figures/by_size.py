"""Scores by size: the figure of a study that has no figure of its own."""

from collections.abc import Iterator
from dataclasses import dataclass

from matplotlib.figure import Figure

from experiments.figures.axes import XAxis, YAxis
from experiments.figures.curves import Curves, Panel
from experiments.figures.exhibit import TableFigure, Tables
from experiments.figures.layout import Layout
from experiments.statistics.matrix import is_home
from experiments.tables.rows import Row, method

COLUMNS = 4  # panels in a row


@dataclass(frozen=True)
class BySize(TableFigure):
    """A panel for each task and distribution: the task's first metric by size, in scores or errors.

    The distributions of training come first. Methods without parameters are thin and grey.

    Attributes:
        study: the study; "*": every study that no other figure names.
        max_panels: the number of panels; further distributions are left out, as the caption says.
    """

    study: str = "*"
    max_panels: int = 12

    def can_draw(self, tables: Tables) -> bool:
        """Return whether there is a score."""
        return bool(tables.rows)

    def draw(self, tables: Tables) -> Figure:
        """Draw the figure, a page wide."""
        rows = list(_of_first_metrics(tables.rows))
        has_lines = any(row.num_parameters for row in rows)
        lines = [row for row in rows if row.num_parameters or not has_lines]
        home = [row for row in lines if is_home(row)]
        places = dict.fromkeys((row.task, row.distribution) for row in [*home, *lines])
        shown = list(places)[: self.max_panels]
        names = {method(row): method(row) for row in lines}
        sizes = [row.size for row in home]
        left = len(places) - len(shown)
        curves = Curves(
            study=self.study,
            metric="",
            metric_label="",
            lines=names,
            trivial={method(row): method(row) for row in rows if method(row) not in names},
            panels=[self._panel(rows, tables, *place) for place in shown],
            x=XAxis(label="size", train=[min(sizes), max(sizes)] if sizes else []),
            layout=Layout(columns=min(COLUMNS, len(shown)), legend="above", legend_columns=4),
            caption=f"{left} more distributions are in transfer.csv." if left else "",
        )
        return curves.draw(tables)

    def _panel(self, rows: list[Row], tables: Tables, task: str, distribution: str) -> Panel:
        """Return the panel of a task and a distribution; errors have a logarithmic axis."""
        metric = next(row.metric for row in rows if row.task == task)
        is_error = any(g.perfect == 0 for g in tables.goals if (g.task, g.metric) == (task, metric))
        several = len({row.task for row in rows}) > 1
        return Panel(
            name=f"{task}\n{distribution}" if several else distribution,
            where={"task": task, "distribution": distribution},
            metric=metric,
            metric_label=metric.replace("_", " "),
            y=YAxis(is_log=True) if is_error else None,
        )


def _of_first_metrics(rows: list[Row]) -> Iterator[Row]:
    """Yield the rows of the first metric of every task."""
    first: dict[str, str] = {}
    for row in rows:
        if row.metric == first.setdefault(row.task, row.metric):
            yield row
