"""Score curves over sizes, steps or frames: panels with a line for each method or size."""

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.figures.axes import XAxis, YAxis
from experiments.figures.captions import about_intervals, sample
from experiments.figures.exhibit import STEPS, TableFigure, Tables
from experiments.figures.layout import Layout
from experiments.figures.lines import (
    LEVEL,
    Rows,
    answers,
    draw_band,
    draw_bars,
    draw_runs,
    draw_trivial,
    fit_log_axis,
)
from experiments.figures.style import look
from experiments.settings.errors import UserError
from experiments.statistics.intervals import Estimate
from experiments.tables.frame import chosen, grouped

GREY = "0.4"
ALONE: dict[str, Any] = {
    "color": "black",
    "linestyle": "-",
    "linewidth": 0.8,
}  # one floor for a panel
MARK: dict[str, Any] = {"color": "0.6", "linewidth": 0.9, "zorder": 1.2}
TRIVIAL = "Grey: answers that need no training."


@dataclass(frozen=True)
class Panel:
    """A panel with rows selected by column: `where: {task: gravity, shift: [none, size]}`.

    The metric `steps` is the number of message-passing steps taken. Panels with the same y label
    share their y axis.
    """

    name: str = ""  # may quote columns of `cells.csv`, {diameter:.0f}, for the largest cell
    where: Mapping[str, Any] = field(default_factory=dict)
    metric: str = ""  # "": the figure's
    metric_label: str = ""  # "": the figure's
    y: YAxis | None = None  # None: the figure's
    lines: Sequence[Any] = ()  # a subset of the figure's lines; (): all
    marks: Mapping[str, float] = field(default_factory=dict)  # name -> horizontal line
    each_run: bool = False  # a thin line for each run instead of the mean and its interval


@dataclass(frozen=True)
class Floor:
    """A lower bound for all methods: the mean of a metric, divided by the mean of `by` if given.

    If the lines are sizes, each has a floor in its colour; otherwise a panel has one thin black
    floor.
    """

    metric: str
    name: str
    by: str = ""


@dataclass(frozen=True)
class Curves(TableFigure):
    """Curves of the mean over runs, with its 95 % interval; the training range is shaded.

    `lines` maps methods (`model@rule`, see `lines`) or sizes of `method` to their names. `trivial`
    maps answers that need no training to their names; they are thin, grey and without intervals,
    and horizontal if they take no steps and the axis has steps. Lines without a row are left out.
    On a logarithmic axis an interval that reaches 0 ends at the least of the runs. A line ends with
    "n/a" if its method has rows further to the right without an answer. The numbers of runs and
    instances precede the caption.
    """

    needs: ClassVar[str] = "a row of a line in one of the panels"

    study: str
    metric: str
    metric_label: str
    lines: Mapping[Any, str]
    method: str = ""
    trivial: Mapping[str, str] = field(default_factory=dict)
    panels: Sequence[Panel] = field(default_factory=lambda: (Panel(),))
    x: XAxis = field(default_factory=XAxis)
    y: YAxis = field(default_factory=YAxis)
    floor: Floor | None = None
    layout: Layout = field(default_factory=Layout)
    caption: str = ""

    def can_draw(self, tables: Tables) -> bool:
        """Return whether a panel has a row of a line."""
        return bool(self._shown(tables))

    def draw(self, tables: Tables) -> Figure:
        """Draw the panels that have a row of a line."""
        shown = self._shown(tables)
        figure, all_axes = self.layout.panels(len(shown), self._told(shown))
        everywhere = sorted({x for _, rows in shown for x in rows["x"] if x != LEVEL})
        labels = [panel.metric_label or self.metric_label for panel, _ in shown]
        values: dict[str, list[float]] = {label: [] for label in labels}
        for axes, label, (panel, rows) in zip(all_axes, labels, shown, strict=True):
            values[label] += self._draw_panel(axes, panel, rows)
            self.layout.title(axes, _title(panel, rows, tables))
            mine = sorted(set(rows["x"]) - {LEVEL})
            self.x.label_places(axes, everywhere if self.layout.is_grid else mine)
            if self.layout.is_grid:
                self._same_width(axes, everywhere)
        for axes, label, (panel, _) in zip(all_axes, labels, shown, strict=True):
            y = panel.y or self.y
            if y.is_log:
                fit_log_axis(axes, values[label], *y.ends)
            else:
                axes.set_ylim(*y.ends)
        self.x.name_training(all_axes[0])
        self.layout.label(all_axes, self.x.label, labels)
        self.layout.add_legend(figure, all_axes)
        return figure

    def _same_width(self, axes: Axes, places: Sequence[int]) -> None:
        """Give all panels of a grid the same limits on a logarithmic axis."""
        ends = [*places, *self.x.train]
        room = (max(ends) / min(ends)) ** 0.05
        axes.set_xlim(min(ends) / max(room, 1.05), max(ends) * max(room, 1.05))

    def _shown(self, tables: Tables) -> list[tuple[Panel, pd.DataFrame]]:
        """Return the panels that have a row of a line, with their rows placed on the x axis."""
        shown = []
        floors = [self.floor.metric, self.floor.by] if self.floor else []
        for panel in self.panels:
            metric = panel.metric or self.metric
            rows = chosen(tables.scores, **panel.where)
            if metric == STEPS:
                rows = _as_steps(chosen(rows, metric=self.metric))
            placed = self.x.placed(rows, [metric, *floors])
            if any(self._rows(placed, line, metric) for line in self._lines(panel)):
                shown.append((panel, pd.concat([placed, self._level(rows, metric)])))
        return shown

    def _level(self, rows: pd.DataFrame, metric: str) -> pd.DataFrame:
        """Return the rows of trivial answers without steps, if the axis has steps."""
        if self.x.of != "steps":
            return rows.iloc[:0].assign(name="", x=0)
        found = chosen(rows, metric=metric, model=[*self.trivial], steps_rule="")
        return found.assign(name=metric, x=LEVEL)

    def _lines(self, panel: Panel) -> Sequence[Any]:
        """Return the lines that a panel shows."""
        return list(panel.lines) or list(self.lines)

    def _rows(self, rows: pd.DataFrame, line: str | int, metric: str) -> Rows:
        """Return the rows of a metric for a line, by place; a size is a line of `method`."""
        rows = chosen(rows, name=metric)
        if isinstance(line, int):
            rows, line = chosen(rows, size=line), self.method
        return grouped(chosen(rows, **{self.x.line_column: line}), "x")

    def _all_rows(self, shown: Sequence[tuple[Panel, pd.DataFrame]]) -> Iterator[Rows]:
        """Yield the rows of every line of every panel that shows scores."""
        for panel, rows in shown:
            metric = panel.metric or self.metric
            if metric != STEPS:
                for line in self._lines(panel):
                    yield self._rows(rows, line, metric)

    def _told(self, shown: Sequence[tuple[Panel, pd.DataFrame]]) -> str:
        """Return the numbers of runs and instances, the meaning of bands, and the caption."""
        every = list(self._all_rows(shown))
        of = sample(
            (row for rows in every for of in rows.values() for row in of),
            "size" if self.x.of == "size" else "",
        )
        estimates: list[Estimate] = []
        for (panel, _), rows in zip(self._scored(shown), every, strict=True):
            y = panel.y or self.y
            estimates += answers(rows, is_log=y.is_log).values()
        name = "Bars" if self.y.has_bars or any(p.each_run for p, _ in shown) else "Bands"
        has_trivial = any(rows["method"].isin([*self.trivial]).any() for _, rows in shown)
        parts = [f"{of[:1].upper()}{of[1:]}.", about_intervals(name, estimates), self.caption]
        return " ".join(filter(None, [*parts, TRIVIAL if has_trivial else ""]))

    def _scored(
        self, shown: Sequence[tuple[Panel, pd.DataFrame]]
    ) -> Iterator[tuple[Panel, pd.DataFrame]]:
        """Yield the panels that show scores, once for each of their lines."""
        for panel, rows in shown:
            if (panel.metric or self.metric) != STEPS:
                for _ in self._lines(panel):
                    yield panel, rows

    def _draw_panel(self, axes: Axes, panel: Panel, rows: pd.DataFrame) -> list[float]:
        """Draw a panel; return the values that the y axis must include."""
        values = list(panel.marks.values())
        has_sizes = any(isinstance(line, int) for line in self.lines)
        for number, line in enumerate(self.lines):
            if line not in self._lines(panel):
                continue
            values += self._draw_line(axes, panel, rows, number)
            if self.floor and has_sizes:
                mine = chosen(rows, size=line, **{self.x.line_column: self.method})
                style = {"color": look(number)["color"], "linewidth": 0.9}
                values += _draw_floor(axes, self.floor, mine, style)
        metric, y = panel.metric or self.metric, panel.y or self.y
        for number, (line, name) in enumerate(self.trivial.items()):
            mine = self._rows(rows, line, metric)
            values += draw_trivial(axes, mine, name, number, is_log=y.is_log)
        if self.floor and not has_sizes:
            found = _draw_floor(axes, self.floor, rows, ALONE)
            self._say_that_it_is_below(axes, found)
            values += found
        self.x.shade_training(axes)
        for name, value in panel.marks.items():
            axes.axhline(value, label=name, **MARK)
        if self.floor:
            sample_of: dict[str, Any] = {"color": GREY, "linestyle": "--"} if has_sizes else ALONE
            axes.plot([], [], label=self.floor.name, **sample_of)
        return values

    def _draw_line(self, axes: Axes, panel: Panel, rows: pd.DataFrame, number: int) -> list[float]:
        """Draw the n-th line; return the values that the y axis must include."""
        line, metric, y = list(self.lines)[number], panel.metric or self.metric, panel.y or self.y
        mine, name = self._rows(rows, line, metric), self.lines[line]
        if panel.each_run:
            found = draw_runs(axes, mine, name, is_log=y.is_log)
        elif y.has_bars:
            found = draw_bars(axes, mine, name, number, is_log=y.is_log)
        else:
            found = draw_band(axes, mine, name, look(number), is_log=y.is_log)
        return [estimate.mean for estimate in found.values()]

    def _say_that_it_is_below(self, axes: Axes, floor: Sequence[float]) -> None:
        """Write at the foot of the panel that the floor is below the axis, if it is."""
        lowest = self.y.ends[0]
        if self.floor and max(floor, default=0) < lowest:
            axes.annotate(
                f"{self.floor.name}: below $10^{{{math.log10(lowest):.0f}}}$",
                (0.02, 0.02), xycoords="axes fraction", fontsize=6.5, color="0.35",
            )  # fmt: skip


def _as_steps(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with the number of steps taken as their score."""
    nothing = {"low": math.nan, "high": math.nan, "is_share": False, "estimate": None}
    taken = [
        dataclasses.replace(row, mean=row.steps, metric=STEPS, **nothing) for row in rows["row"]
    ]
    return rows.assign(metric=STEPS, row=pd.Series(taken, index=rows.index, dtype=object))


def _draw_floor(
    axes: Axes, floor: Floor, rows: pd.DataFrame, style: Mapping[str, Any]
) -> list[float]:
    """Draw the floor where it is above 0; return its values."""
    floors = _means(rows, floor.metric)
    by = _means(rows, floor.by) if floor.by else dict.fromkeys(floors, 1.0)
    above = {x: value / by[x] for x, value in floors.items() if value > 0}
    dashed: dict[str, Any] = {"linestyle": "--", **style}
    axes.plot(list(above), list(above.values()), **dashed)
    return list(above.values())


def _means(rows: pd.DataFrame, metric: str) -> dict[int, float]:
    """Return the mean of a metric at each place, over the runs that have an answer."""
    places = grouped(chosen(rows, name=metric), "x")
    means = {x: np.array([row.mean for row in of]) for x, of in places.items()}
    return {x: float(np.nanmean(m)) for x, m in means.items() if np.isfinite(m).any()}


def _title(panel: Panel, rows: pd.DataFrame, tables: Tables) -> str:
    """Return the name of a panel, with the facts of its largest cell filled in."""
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
        raise UserError(f"name must quote {allowed}, got {error} in {panel.name!r}") from error
