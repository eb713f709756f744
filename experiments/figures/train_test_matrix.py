"""Trained on a row, tested on a column: the score as a colour, a number and an interval."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from experiments.figures.style import PAGE, TableFigure, Tables, percent
from experiments.statistics.intervals import over_runs
from experiments.tables.rows import Row


@dataclass(frozen=True)
class Column:
    """A test cell, and the row that was trained on its distribution (and sizes)."""

    distribution: str
    size: int
    name: str
    trained_as: str = ""  # the label of that row; "": none


@dataclass(frozen=True)
class TrainTestMatrix(TableFigure):
    """A matrix for each panel; cells that are as trained are framed."""

    study: str
    metric: str
    caption: str
    steps_rule: str
    low: float = 0.5  # the colour scale begins here: what guessing gives
    rows: Mapping[str, str] = field(default_factory=dict)  # label in the table -> name
    panels: Mapping[str, Sequence[Column]] = field(default_factory=dict)

    def draw(self, tables: Tables) -> Figure:
        """A page wide, panels side by side."""
        widths = [len(columns) for columns in self.panels.values()]
        line = PAGE * 0.8 / sum(widths) * 0.62
        figure = Figure(figsize=(PAGE, line * len(self.rows) + 1.35))
        all_axes = figure.subplots(1, len(widths), squeeze=False, width_ratios=widths)[0]
        rows = [r for r in tables.rows if r.metric == self.metric]
        rows = [r for r in rows if r.steps_rule in (self.steps_rule, "")]
        for axes, (title, columns) in zip(all_axes, self.panels.items(), strict=True):
            self._matrix(axes, rows, columns)
            axes.set_title(title, fontsize=8)
            axes.set_yticks(range(len(self.rows)), list(self.rows.values()))
            axes.tick_params(labelleft=axes is all_axes[0])
        figure.supxlabel(self.caption, fontsize=7.5)
        return figure

    def _matrix(self, axes: Axes, rows: list[Row], columns: Sequence[Column]) -> None:
        colours = mpl.colormaps["viridis"]
        for y, label in enumerate(self.rows):
            for x, column in enumerate(columns):
                cell = (label, column.distribution, column.size)
                found = [r for r in rows if (r.model, r.distribution, r.size) == cell]
                if not found:
                    continue
                mean, low, high = over_runs(found)
                share = (mean - self.low) / (1 - self.low)
                place = (x - 0.5, y - 0.5)
                axes.add_patch(Rectangle(place, 1, 1, color=colours(share), linewidth=0))
                ink = "white" if share < 0.6 else "black"
                text = "n/a" if np.isnan(mean) else percent(mean)
                axes.text(x, y - 0.12, text, fontsize=7, ha="center", va="center", color=ink)
                interval = "" if np.isnan(mean) else f"{percent(low)}–{percent(high)}"
                axes.text(x, y + 0.27, interval, fontsize=4.6, ha="center", va="center", color=ink)
                if column.trained_as == label:
                    frame = Rectangle(place, 1, 1, fill=False, linewidth=1.2, zorder=3)
                    axes.add_patch(frame)
        axes.set(xlim=(-0.5, len(columns) - 0.5), ylim=(len(self.rows) - 0.5, -0.5))
        names = [column.name for column in columns]
        axes.set_xticks(range(len(columns)), names, rotation=45, ha="right", fontsize=7)
        axes.tick_params(length=0)
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
