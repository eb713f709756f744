"""Scores over sizes, steps or frames: panels side by side, a line for each method or each size."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.figures.axes import XAxis, YAxis
from experiments.figures.exhibit import TableFigure, Tables
from experiments.figures.layout import Layout
from experiments.figures.lines import (
    Rows,
    draw_band,
    draw_bars,
    fit_log_axis,
    name_what_is_above,
)
from experiments.figures.style import look
from experiments.settings.errors import UserError
from experiments.tables.frame import chosen, grouped

GREY = "0.4"
MARKS: tuple[dict[str, Any], ...] = (
    {"linestyle": ":"},
    {"linestyle": "-.", "linewidth": 0.9},
)  # in the order of a panel's


@dataclass(frozen=True)
class Panel:
    """Some of the rows, by their columns: `where: {task: gravity, shift: [none, size]}`.

    Where the lines are sizes, `references` are other methods, dashed in the colour of each size.
    """

    name: str = ""  # {diameter:.0f} and other columns of `cells.csv` are of the largest cell
    where: Mapping[str, Any] = field(default_factory=dict)
    metric: str = ""  # "": that of the figure
    marks: Mapping[str, float] = field(default_factory=dict)  # horizontal lines, by their names
    references: Mapping[str, str] = field(default_factory=dict)  # a line -> its name
    each_run: bool = False  # a thin line for each run in place of the interval


@dataclass(frozen=True)
class Floor:
    """What methods cannot go below, dashed: the mean of a metric, by the mean of `by` if given.

    Where the lines are sizes each has its floor in its colour; else a panel has one, in grey.
    """

    metric: str
    name: str
    by: str = ""


@dataclass(frozen=True)
class Curves(TableFigure):
    """A line is the mean over runs, with its 95 % interval; shaded: as in training.

    `lines` are methods (`model@rule`, see `lines`) or sizes of `method`, with their names. On a
    logarithmic axis an interval that reaches 0 ends at the least of the runs. A line ends with
    "n/a" where its method has rows further to the right, without an answer.
    """

    study: str
    metric: str
    metric_label: str
    lines: Mapping[Any, str]
    method: str = ""
    panels: Sequence[Panel] = field(default_factory=lambda: (Panel(),))
    x: XAxis = field(default_factory=XAxis)
    y: YAxis = field(default_factory=YAxis)
    floor: Floor | None = None
    layout: Layout = field(default_factory=Layout)

    def can_draw(self, tables: Tables) -> bool:
        """Whether a panel has a row of a line."""
        return bool(self._shown(tables))

    def draw(self, tables: Tables) -> Figure:
        """The panels that have a row of a line."""
        shown = self._shown(tables)
        figure, all_axes = self.layout.panels(len(shown))
        everywhere = sorted({x for _, rows in shown for x in rows["x"]})
        values: list[float] = []
        for axes, (panel, rows) in zip(all_axes, shown, strict=True):
            values += self._draw_panel(axes, panel, rows)
            self.layout.title(axes, _title(panel, rows, tables))
            places = everywhere if self.layout.is_grid else sorted(set(rows["x"]))
            self.x.label_places(axes, places)
        if self.y.is_log:
            fit_log_axis(all_axes[0], values, *self.y.ends)
            for axes in all_axes:
                name_what_is_above(axes)
        else:
            all_axes[0].set_ylim(*self.y.ends)
        self.x.name_training(all_axes[0])
        self.layout.label(figure, all_axes, self.x.label, self.metric_label)
        self.layout.add_legend(figure, all_axes)
        return figure

    def _shown(self, tables: Tables) -> list[tuple[Panel, pd.DataFrame]]:
        """The panels that have a row of a line, with their rows placed on the x axis."""
        shown = []
        floors = [self.floor.metric, self.floor.by] if self.floor else []
        for panel in self.panels:
            metric = panel.metric or self.metric
            rows = self.x.placed(chosen(tables.scores, **panel.where), [metric, *floors])
            if any(self._rows(rows, line, metric) for line in self.lines):
                shown.append((panel, rows))
        return shown

    def _rows(self, rows: pd.DataFrame, line: str | int, metric: str, method: str = "") -> Rows:
        """The rows of a metric of a line, by place; of a size those of a method."""
        rows = chosen(rows, name=metric)
        if isinstance(line, int):
            rows, line = chosen(rows, size=line), method or self.method
        return grouped(chosen(rows, **{self.x.line_column: line}), "x")

    def _draw_panel(self, axes: Axes, panel: Panel, rows: pd.DataFrame) -> list[float]:
        """All that a panel shows; gives the values that the y axis has to show."""
        values = list(panel.marks.values())
        has_sizes = any(isinstance(line, int) for line in self.lines)
        for number, line in enumerate(self.lines):
            values += self._draw_line(axes, panel, rows, number)
            if self.floor and has_sizes:
                mine = chosen(rows, size=line, **{self.x.line_column: self.method})
                style = {"color": look(number)["color"], "linewidth": 0.9}
                values += _draw_floor(axes, self.floor, mine, style)
        if self.floor and not has_sizes:
            found = _draw_floor(axes, self.floor, rows, {"color": GREY})
            self._say_that_it_is_below(axes, found)
            values += found
        self.x.shade_training(axes)
        for style, (name, value) in zip(MARKS, panel.marks.items(), strict=False):
            axes.axhline(value, color=GREY, label=name, **style)
        for name in [*([self.floor.name] if self.floor else []), *panel.references.values()]:
            axes.plot([], [], color=GREY, linestyle="--", label=name)
        return values

    def _draw_line(self, axes: Axes, panel: Panel, rows: pd.DataFrame, number: int) -> list[float]:
        """The n-th line with its references; gives the means of the line."""
        line, metric = list(self.lines)[number], panel.metric or self.metric
        mine, style = self._rows(rows, line, metric), look(number)
        if self.y.has_bars:
            found = draw_bars(axes, mine, self.lines[line], number, is_log=self.y.is_log)
            return [estimate.mean for estimate in found.values()]
        how = {"is_log": self.y.is_log, "each_run": panel.each_run}
        found = draw_band(axes, mine, self.lines[line], style, **how)
        for reference in panel.references:
            dashed = {**style, "marker": "", "linestyle": "--"}
            draw_band(axes, self._rows(rows, line, metric, reference), "", dashed, **how)
        return [estimate.mean for estimate in found.values()]

    def _say_that_it_is_below(self, axes: Axes, floor: Sequence[float]) -> None:
        """Where the floor is below the axis, say so at its foot."""
        lowest = self.y.ends[0]
        if self.floor and max(floor, default=0) < lowest:
            axes.annotate(
                f"{self.floor.name}: below $10^{{{math.log10(lowest):.0f}}}$",
                (0.02, 0.02), xycoords="axes fraction", fontsize=6.5, color="0.35",
            )  # fmt: skip


def _draw_floor(
    axes: Axes, floor: Floor, rows: pd.DataFrame, style: Mapping[str, Any]
) -> list[float]:
    """The floor in some rows, where it is above 0; gives its values."""
    floors = _means(rows, floor.metric)
    by = _means(rows, floor.by) if floor.by else dict.fromkeys(floors, 1.0)
    above = {x: value / by[x] for x, value in floors.items() if value > 0}
    axes.plot(list(above), list(above.values()), linestyle="--", **style)
    return list(above.values())


def _means(rows: pd.DataFrame, metric: str) -> dict[int, float]:
    """The mean of a metric at each place, over the runs that have an answer."""
    places = grouped(chosen(rows, name=metric), "x")
    means = {x: np.array([row.mean for row in of]) for x, of in places.items()}
    return {x: float(np.nanmean(m)) for x, m in means.items() if np.isfinite(m).any()}


def _title(panel: Panel, rows: pd.DataFrame, tables: Tables) -> str:
    """The name of a panel, in which facts of its largest cell are filled in."""
    if "{" not in panel.name:
        return panel.name
    largest = rows.loc[rows["size"].idxmax()]
    cell = tables.cells[largest["distribution"], largest["size"]]
    facts = {**vars(cell), **cell.facts}
    del facts["facts"]
    try:
        return panel.name.format_map(facts)
    except (KeyError, ValueError) as error:
        allowed = ", ".join(facts)
        raise UserError(f"name: {panel.name!r} must quote {allowed}, got {error}") from error
