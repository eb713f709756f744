"""A heat map of scores: a colour and a number for each cell, with its interval."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.figures.captions import about_intervals, sample
from experiments.figures.cells import Cell, Cells, Look, draw_cells, draw_colour_bar
from experiments.figures.exhibit import TableFigure, Tables
from experiments.figures.style import CAPTION, CAPTION_LINE, PAGE, wrapped
from experiments.statistics.matrix import by_method
from experiments.statistics.methods import over_runs
from experiments.statistics.standings import best_first
from experiments.tables.frame import chosen, grouped
from experiments.tables.goals import perfect_of
from experiments.tables.rows import Row

GAP = 0.85  # lines between two groups, for the name of the second one
MANY_LINES = 12  # lines above which the column names are on top
SHORT = 4  # letters up to which column names are not rotated


@dataclass(frozen=True)
class Panel:
    """A panel with rows selected by column."""

    name: str
    where: Mapping[str, Any] = field(default_factory=dict)
    metric: str = ""  # "": the map's
    columns: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # {}: the map's


@dataclass(frozen=True)
class ScoreMap(TableFigure):
    """Mean over runs in per cent, with its 95 % interval; cells that were not run are blank.

    Lines and groups without a row are left out; a colour bar explains the colours. `lines` maps the
    name of a group to its lines: methods (`model@rule`, see `lines`) or sizes, with their names.
    `columns` maps a name to the values that select its rows, as in
    `grid: {distribution: grid, size: 16}`. `framed` selects the framed cells in the same way.
    """

    needs: ClassVar[str] = "a row of a line in one of the columns"

    study: str
    metric: str
    caption: str
    lines: Mapping[str, Mapping[Any, str]]
    panels: Sequence[Panel]
    columns: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    framed: Mapping[str, Any] = field(default_factory=dict)
    best_first: bool = False  # sort the lines of each group by `standings`
    look: Look = field(default_factory=Look)

    def can_draw(self, tables: Tables) -> bool:
        """Return whether a cell has a row."""
        groups = self._groups(tables)
        return any(self._cells(tables, panel, groups) for panel in self.panels)

    def draw(self, tables: Tables) -> Figure:
        """Draw the figure, a page wide, with panels side by side."""
        groups = self._groups(tables)
        places = _places(groups)
        widths = [len(panel.columns or self.columns) for panel in self.panels]
        found = [self._cells(tables, panel, groups) for panel in self.panels]
        text = wrapped(f"{self.caption} {self._told(tables, found)}", PAGE)
        height = self.look.line_height * (places[-1] + 1) + 0.85
        figure = Figure(figsize=(PAGE, height + CAPTION_LINE * len(text.splitlines())))
        all_axes = figure.subplots(1, len(widths), squeeze=False, width_ratios=widths)[0]
        is_tall = len(places) > MANY_LINES
        has_name = bool(next(iter(groups)))  # a group name above the first line
        for axes, panel, cells in zip(all_axes, self.panels, found, strict=True):
            columns = list(panel.columns or self.columns)
            draw_cells(axes, cells, places, self.look)
            _label_columns(axes, columns, is_tall=is_tall)
            axes.set_title(panel.name, fontsize=7.5)
            axes.set_xlim(-0.5, len(columns) - 0.5)
            axes.set_ylim(places[-1] + 0.5, places[0] - 0.5 - (GAP if has_name else 0))
            axes.set_yticks(places, [name for lines in groups.values() for name in lines.values()])
            axes.tick_params(length=0, pad=2, labelleft=axes is all_axes[0])
            axes.grid(visible=False)
            axes.spines[:].set_visible(False)
        _name_groups(all_axes[0], groups, places)
        all_axes[0].set_ylabel(self.look.line_label)
        middle = len(all_axes) // 2
        for axes in all_axes[middle : middle + 1] if len(all_axes) % 2 else all_axes:
            axes.set_xlabel(self.look.column_label)
        draw_colour_bar(figure, all_axes, self.look)
        figure.supxlabel(text, fontsize=CAPTION)
        return figure

    def _told(self, tables: Tables, found: Sequence[Cells]) -> str:
        """Return the numbers of runs and instances, and the meaning of the small numbers."""
        lines = [line for group in self.lines.values() for line in group]
        kind = "size" if isinstance(lines[0], int) else "method"
        metrics = [panel.metric or self.metric for panel in self.panels]
        of = sample(chosen(tables.scores, metric=metrics, **{kind: lines})["row"], "")
        below = ""
        if self.look.has_runs:
            below = " Small: the lowest and the highest run."
        elif self.look.has_intervals:
            estimates = [cell.estimate for cells in found for cell in cells.values()]
            below = f" {about_intervals('Small', estimates)}"
        return f"Mean of {of}.{below}"

    def _groups(self, tables: Tables) -> dict[str, dict[Any, str]]:
        """Return the groups with their lines, with `best_first` sorted if goals are known."""
        rows = chosen(tables.scores, metric=[p.metric or self.metric for p in self.panels])
        there = {*rows["method"], *rows["size"]}
        groups = {
            group: {line: name for line, name in lines.items() if line in there}
            for group, lines in self.lines.items()
        }
        groups = {group: lines for group, lines in groups.items() if lines}
        rows = chosen(rows, metric=self.metric)
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
        """Return the cells of a panel, by line number and column number."""
        rows = chosen(tables.scores, metric=panel.metric or self.metric, **panel.where)
        lines = [line for group in groups.values() for line in group]
        kind = "size" if lines and isinstance(lines[0], int) else "method"
        found: Cells = {}
        for x, where in enumerate((panel.columns or self.columns).values()):
            of_column = chosen(rows, **where)
            cells = grouped(of_column, kind)
            framed = grouped(chosen(of_column, **self.framed), kind) if self.framed else {}
            for y, line in enumerate(lines):
                if line in cells:
                    is_framed = len(framed.get(line, ())) == len(cells[line])
                    means = [row.mean for row in cells[line]]
                    ends = min(means), max(means)
                    found[y, x] = Cell(over_runs(cells[line]), is_framed, ends)
        return found


def _places(groups: Mapping[str, Mapping]) -> list[float]:
    """Return the y positions of all lines, from the top, with a gap between groups."""
    numbers = [number for number, lines in enumerate(groups.values()) for _ in lines]
    return [line + GAP * number for line, number in enumerate(numbers)]


def _name_groups(axes: Axes, groups: Mapping[str, Mapping], places: Sequence[float]) -> None:
    """Write the name of each group above its first line; it may extend over other panels."""
    axes.set_zorder(1)
    first = 0
    for group, lines in groups.items():
        axes.text(
            -0.5, places[first] - 0.55, group, fontsize=7.5, fontweight="bold", va="bottom",
            in_layout=False,
        )  # fmt: skip
        first += len(lines)


def _label_columns(axes: Axes, names: Sequence[str], *, is_tall: bool) -> None:
    """Label the columns, rotated if a name is long, and on top of a tall map."""
    turned: dict[str, Any] = {"rotation": 45, "ha": "right"}
    is_long = max(map(len, names), default=0) > SHORT
    axes.set_xticks(range(len(names)), names, fontsize=7, **(turned if is_long else {}))
    if is_tall:
        axes.tick_params(axis="x", top=True, labeltop=True, bottom=False, labelbottom=False)
