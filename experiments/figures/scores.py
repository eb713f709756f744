"""The standard figure of a study: every method of its table, over sizes."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from matplotlib.figure import Figure

from experiments.figures.axes import XAxis, YAxis
from experiments.figures.curves import Curves, Panel
from experiments.figures.exhibit import TableFigure, Tables
from experiments.figures.layout import Layout
from experiments.settings.errors import not_one_of
from experiments.statistics.matrix import is_home
from experiments.tables.rows import Row, method

COLUMNS = 4  # panels in a row


@dataclass(frozen=True)
class Scores(TableFigure):
    """Every method over sizes: a panel for each task and distribution, those of training first.

    The metric is the first of each task in the table, unless one is given. Methods without
    parameters are thin and grey. Panels beyond `max_panels` are left out, as the caption says.
    """

    needs: ClassVar[str] = "rows"

    study: str = ""  # "": any study
    metric: str = ""
    max_panels: int = 12

    def draw(self, tables: Tables) -> Figure:
        """Draw a panel for each task and distribution.

        Raises:
            UserError: the table has no such metric.
        """
        return self.curves(tables).draw(tables)

    def curves(self, tables: Tables) -> Curves:
        """Return the figure as curves of all methods.

        Raises:
            UserError: the table has no such metric.
        """
        first: dict[str, str] = {}  # the metric of each task
        for row in tables.rows:
            if self.metric in ("", row.metric):
                first.setdefault(row.task, row.metric)
        if not first:
            raise not_one_of("metric", self.metric, dict.fromkeys(r.metric for r in tables.rows))
        rows = [row for row in tables.rows if row.metric == first.get(row.task)]
        # Panels of one metric have one axis, since only the first of a line shows its numbers.
        axes = {m: _axis([row for row in rows if row.metric == m]) for m in first.values()}
        has_lines = any(row.num_parameters for row in rows)
        shown = [row for row in rows if row.num_parameters or not has_lines]
        home = [row for row in shown if is_home(row)]
        places = list(dict.fromkeys((row.task, row.distribution) for row in [*home, *shown]))
        panels = []
        for task, name in places[: self.max_panels]:
            metric, title = first[task], f"{task}\n{name}" if len(first) > 1 else name
            where = {"task": task, "distribution": name}
            label = metric.replace("_", " ")
            panels.append(Panel(title.replace("{", "("), where, metric, label, axes[metric]))
        lines = dict.fromkeys(map(method, shown))
        left = len(places) - len(panels)
        return Curves(
            self.study, panels[0].metric, panels[0].metric_label,
            lines={name: name for name in lines},
            trivial={name: name for name in dict.fromkeys(map(method, rows)) if name not in lines},
            panels=panels,
            x=XAxis(label="size"),
            layout=Layout(columns=min(len(panels), COLUMNS), legend="above", legend_columns=4),
            caption=f"transfer.csv has {left} more panels of this kind." if left else "",
        )  # fmt: skip


def _axis(rows: list[Row]) -> YAxis:
    """Return the axis of shares, or else one that has all means: logarithmic if all are above 0."""
    means = np.array([row.mean for row in rows if np.isfinite(row.mean)])
    if all(row.is_share for row in rows) or len(means) == 0:
        return YAxis()
    low, high = float(means.min()), float(means.max())
    room = 0.1 * (high - low) or 1.0
    return YAxis(is_log=True) if low > 0 else YAxis(low=low - room, high=high + room)
