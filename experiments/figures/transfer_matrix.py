"""A line for every model, a column for every cell, the score as a colour and a number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from experiments.figures.style import PAGE, TableFigure, Tables, percent
from experiments.statistics.intervals import over_runs
from experiments.tables.rows import Row

LINE, GAP = 0.165, 0.75  # inches of a line; lines between two groups


@dataclass(frozen=True)
class TransferMatrix(TableFigure):
    """Models in groups, the best first; which group keeps its colour from left to right?

    `groups` maps the name of a group to its models (label in the table -> name for the reader);
    `families` the families in the table to their names; a family's columns are `sizes`.
    """

    study: str
    metric: str
    metric_label: str
    steps_rule: str
    train_column: Sequence[Any]
    sizes: Sequence[int]
    families: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def draw(self, tables: Tables) -> Figure:
        """A page wide."""
        rows = [row for row in tables.rows if row.metric == self.metric]
        rows = [row for row in rows if row.steps_rule in (self.steps_rule, "")]
        columns = [(family, size) for family in self.families for size in self.sizes]
        sorted_groups = {
            group: self._sorted([(label, name) for label, name in models.items()], rows, columns)
            for group, models in self.groups.items()
        }
        num_lines = sum(len(models) + GAP for models in sorted_groups.values())
        figure = Figure(figsize=(PAGE, LINE * num_lines + 1.1))
        axes = figure.add_subplot()
        top, per_family = 0.0, len(self.sizes)
        for group, models in sorted_groups.items():
            axes.text(-0.6, top - 0.62, group, fontsize=7.5, fontweight="bold", ha="left")
            for place, (label, name) in enumerate(models):
                cells = [_of(rows, label, column) for column in columns]
                _draw_line(axes, top + place, name, cells, per_family)
            if models:
                left = _place(columns.index(tuple(self.train_column)), per_family) - 0.5
                frame = Rectangle((left, top - 0.5), 1, len(models), fill=False, linewidth=0.8)
                axes.add_patch(frame)
            top += len(models) + GAP
        self._label(axes, top)
        figure.supxlabel(self.metric_label, fontsize=7.5)
        return figure

    def _sorted(
        self, models: Sequence[tuple[str, str]], rows: list[Row], columns: list[tuple[str, int]]
    ) -> list[tuple[str, str]]:
        """By mean score over all columns, the best first; where there is none, it counts as 0."""

        def mean(model: tuple[str, str]) -> float:
            found = [over_runs(r).mean for c in columns if (r := _of(rows, model[0], c))]
            return -float(np.nan_to_num(found).mean()) if found else 0.0

        return sorted(models, key=mean)

    def _label(self, axes: Axes, bottom: float) -> None:
        """Sizes at each column, families above them."""
        sizes, num_families = list(self.sizes), len(self.families)
        axes.set_xlim(-0.6, num_families * (len(sizes) + 0.4) - 0.4)
        axes.set_ylim(bottom - GAP - 0.4, -1.3)
        places = [_place(k, len(sizes)) for k in range(num_families * len(sizes))]
        axes.set_xticks(places, [str(size) for size in sizes] * num_families)
        axes.tick_params(axis="x", top=True, labeltop=True, bottom=False, labelbottom=False)
        axes.tick_params(length=0, pad=2, labelsize=7)
        axes.set_yticks([])
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        for k, name in enumerate(self.families.values()):
            middle = np.mean(places[k * len(sizes) : (k + 1) * len(sizes)])
            axes.annotate(
                name, (float(middle), 1.0), (0, 13), xycoords=("data", "axes fraction"),
                textcoords="offset points", ha="center", fontsize=7.5,
            )  # fmt: skip


def _place(column: int, per_family: int) -> float:
    """Where a column stands: families are a little apart."""
    return column + 0.4 * (column // per_family)


def _of(rows: list[Row], label: str, cell: tuple[str, int]) -> list[Row]:
    return [r for r in rows if (r.model, r.distribution, r.size) == (label, *cell)]


def _draw_line(axes: Axes, y: float, name: str, cells: list[list[Row]], per_family: int) -> None:
    """The name of a model and its scores."""
    axes.text(-0.7, y, name, fontsize=7, ha="right", va="center", clip_on=False)
    colours = mpl.colormaps["viridis"]
    for k, cell in enumerate(cells):
        if not cell:
            continue
        mean, x = over_runs(cell).mean, _place(k, per_family)
        colour = "0.93" if np.isnan(mean) else colours(mean)
        axes.fill_between([x - 0.5, x + 0.5], y - 0.5, y + 0.5, color=colour, linewidth=0)
        text = "n/a" if np.isnan(mean) else percent(mean)
        ink = "0.4" if np.isnan(mean) else ("white" if mean < 0.6 else "black")
        axes.text(x, y, text, fontsize=6, ha="center", va="center", color=ink)
