"""A matrix of cells: the score as a colour and a number, with its interval, framed as trained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from experiments.figures.exhibit import TableFigure, Tables
from experiments.figures.style import PAGE, percent
from experiments.statistics.intervals import Estimate, over_runs
from experiments.statistics.matrix import by_method
from experiments.statistics.standings import best_first
from experiments.tables.frame import chosen
from experiments.tables.goals import perfect_of
from experiments.tables.rows import Row

GAP = 0.85  # lines between two groups: the name of the second one
SHORT = 4  # letters of a column's name that need not be turned
NOT_DEFINED = "0.93"


@dataclass(frozen=True)
class Panel:
    """Some of the rows, by their columns; `columns` of its own, if not those of the map."""

    name: str
    where: Mapping[str, Any] = field(default_factory=dict)
    metric: str = ""  # "": that of the map
    columns: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Look:
    """How a map is drawn."""

    low: float = 0.0  # the colours begin here: what guessing gives
    has_intervals: bool = True
    line_height: float = 0.3  # inches
    line_label: str = ""
    column_label: str = ""


class Cell(NamedTuple):
    """What is in a place of the map."""

    estimate: Estimate
    is_framed: bool


Cells = dict[tuple[int, int], Cell]  # by line and column; what was not run is not there


@dataclass(frozen=True)
class ScoreMap(TableFigure):
    """Mean over runs in per cent, with its 95 % interval; what was not run is blank.

    `lines` maps the name of a group to its lines: methods (`model@rule`, see `lines`) or sizes,
    with their names. `columns` maps a name to what its rows have in their columns of the table, as
    in `grid: {distribution: grid, size: 16}`; `framed` says so of the cells that are framed.
    """

    study: str
    metric: str
    caption: str
    lines: Mapping[str, Mapping[Any, str]]
    panels: Sequence[Panel]
    columns: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    framed: Mapping[str, Any] = field(default_factory=dict)
    best_first: bool = False  # the lines of each group, in the order of `standings`
    look: Look = field(default_factory=Look)

    def can_draw(self, tables: Tables) -> bool:
        """Whether a cell has a row."""
        groups = self._groups(tables)
        return any(self._cells(tables, panel, groups) for panel in self.panels)

    def draw(self, tables: Tables) -> Figure:
        """A page wide, panels side by side."""
        groups = self._groups(tables)
        places = _places(groups)
        widths = [len(panel.columns or self.columns) for panel in self.panels]
        height = self.look.line_height * (places[-1] + 1) + 1.2
        figure = Figure(figsize=(PAGE, height))
        all_axes = figure.subplots(1, len(widths), squeeze=False, width_ratios=widths)[0]
        is_tall = len(groups) > 1
        for axes, panel in zip(all_axes, self.panels, strict=True):
            columns = list(panel.columns or self.columns)
            self._draw_cells(axes, self._cells(tables, panel, groups), places)
            _label_columns(axes, columns, is_tall=is_tall)
            axes.set(title=panel.name, xlim=(-0.5, len(columns) - 0.5))
            axes.set(ylim=(places[-1] + 0.5, places[0] - 0.5))
            axes.set_yticks(places, [name for lines in groups.values() for name in lines.values()])
            axes.tick_params(length=0, pad=2, labelleft=axes is all_axes[0])
            axes.grid(visible=False)
            axes.spines[:].set_visible(False)
        firsts = np.cumsum([0, *(len(lines) for lines in groups.values())])[:-1]
        for group, first in zip(groups, firsts, strict=True):
            place = (-0.5, places[first] - 0.55)
            all_axes[0].text(*place, group, fontsize=7.5, fontweight="bold", va="bottom")
        all_axes[0].set_ylabel(self.look.line_label)
        all_axes[len(all_axes) // 2].set_xlabel(self.look.column_label)
        figure.supxlabel(self.caption, fontsize=7.5)
        return figure

    def _groups(self, tables: Tables) -> dict[str, dict[Any, str]]:
        """The groups with their lines, the best first if that is asked for and can be known."""
        groups = {group: dict(lines) for group, lines in self.lines.items()}
        rows = chosen(tables.scores, metric=self.metric)
        names = [line for lines in groups.values() for line in lines]
        mine: list[Row] = list(chosen(rows, method=names)["row"])
        if not (self.best_first and tables.goals and mine):
            return groups
        perfect = perfect_of(tables.goals, mine[0].task, self.metric)
        order = best_first(by_method(mine), perfect)
        place = {name: number for number, name in enumerate(order)}
        return {
            group: dict(sorted(lines.items(), key=lambda line: place.get(line[0], len(place))))
            for group, lines in groups.items()
        }

    def _cells(self, tables: Tables, panel: Panel, groups: Mapping[str, Mapping]) -> Cells:
        """The cells of a panel, by the number of their line and column."""
        rows = chosen(tables.scores, metric=panel.metric or self.metric, **panel.where)
        rows = rows.assign(is_framed=False)
        if self.framed:
            rows.loc[chosen(rows, **self.framed).index, "is_framed"] = True
        lines = [line for group in groups.values() for line in group]
        found: Cells = {}
        for x, where in enumerate((panel.columns or self.columns).values()):
            of_column = chosen(rows, **where)
            for y, line in enumerate(lines):
                column = "size" if isinstance(line, int) else "method"
                cell: pd.DataFrame = of_column[of_column[column] == line]
                if len(cell):
                    estimate = over_runs(list(cell["row"]))
                    found[y, x] = Cell(estimate, bool(cell["is_framed"].all()))
        return found

    def _draw_cells(self, axes: Axes, cells: Cells, places: Sequence[float]) -> None:
        """Colours, numbers and frames."""
        for (line, x), cell in cells.items():
            self._draw_cell(axes, x, places[line], cell.estimate)
        framed = {place for place, cell in cells.items() if cell.is_framed}
        sides = [side for place in framed for side in _sides(*place, framed, places)]
        axes.add_collection(
            LineCollection(sides, colors="black", linewidths=1.2, capstyle="projecting", zorder=3)
        )

    def _draw_cell(self, axes: Axes, x: int, y: float, estimate: Estimate) -> None:
        mean, low, high = estimate
        share = (mean - self.look.low) / (1 - self.look.low)
        is_defined = not np.isnan(mean)
        colour = mpl.colormaps["viridis"](share) if is_defined else NOT_DEFINED
        ink = ("white" if share < 0.6 else "black") if is_defined else "0.4"
        axes.fill_between([x - 0.5, x + 0.5], y - 0.5, y + 0.5, color=colour, linewidth=0)
        style: dict[str, Any] = {"ha": "center", "va": "center", "color": ink}
        number = percent(mean) if is_defined else "n/a"
        if not (self.look.has_intervals and is_defined):
            axes.text(x, y, number, fontsize=6, **style)
            return
        axes.text(x, y - 0.14, number, fontsize=7, **style)
        ends = "–".join(dict.fromkeys((percent(low), percent(high))))
        axes.text(x, y + 0.27, ends, fontsize=4.6, **style)


def _places(groups: Mapping[str, Mapping]) -> list[float]:
    """Where the lines of all groups stand, from above; groups are a little apart."""
    numbers = [number for number, lines in enumerate(groups.values()) for _ in lines]
    return [line + GAP * number for line, number in enumerate(numbers)]


def _label_columns(axes: Axes, names: Sequence[str], *, is_tall: bool) -> None:
    """The names of columns, turned if one is long; above a tall map."""
    turned: dict[str, Any] = {"rotation": 45, "ha": "right"}
    is_long = max(map(len, names), default=0) > SHORT
    axes.set_xticks(range(len(names)), names, fontsize=7, **(turned if is_long else {}))
    if is_tall:
        axes.tick_params(axis="x", top=True, labeltop=True, bottom=False, labelbottom=False)


def _sides(
    line: int, x: int, framed: set[tuple[int, int]], places: Sequence[float]
) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """The sides of a framed cell where its neighbour is not framed, or is of another group."""
    y = places[line]
    corners = [(x - 0.5, y - 0.5), (x + 0.5, y - 0.5), (x + 0.5, y + 0.5), (x - 0.5, y + 0.5)]
    sides = list(zip(corners, [*corners[1:], corners[0]], strict=True))
    neighbours = [(line - 1, x), (line, x + 1), (line + 1, x), (line, x - 1)]
    return [
        side
        for side, place in zip(sides, neighbours, strict=True)
        if place not in framed or abs(places[place[0]] - y) > 1
    ]
