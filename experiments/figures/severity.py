"""Scatter plots of scores over the distance of a cell from the training set."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.figures.exhibit import TableFigure, Tables
from experiments.figures.lines import model_of
from experiments.figures.style import CAPTION, CAPTION_LINE, PAGE, look, wrapped
from experiments.statistics.correlation import mean_rank_correlation, on_shared_cells
from experiments.statistics.matrix import Cell
from experiments.tables.frame import chosen

Points = dict[Cell, tuple[float, float]]  # cell -> distance and score
MINUS = "\N{MINUS SIGN}"
ROW, REST = 0.92, 0.95  # inches: height of a method's row, and of titles and caption
CAPTION_TEXT = (
    "Each dot is a test cell. x: Wasserstein distance of its graphs to the graphs of the training"
    " set. Filled: the family of graphs in training. ρ: Spearman's rank correlation, above each"
    " panel for its method, on top the mean over the trained methods. Cells share families and"
    " sizes, so that ρ is less certain than the number of dots suggests."
)
LOG_TEXT = " Axes with a vertical line at 1 are linear up to it and logarithmic beyond."


@dataclass(frozen=True)
class SeverityScatter(TableFigure):
    """A row of panels for each method; a dot is the mean over runs on one cell.

    Each panel has Spearman's ρ of its method. The title of a column is the mean of ρ over methods
    other than `baseline`, on the cells that all of these methods have a score for. A label that two
    tasks share counts as two methods. Filled dots are cells of the training family.
    """

    needs: ClassVar[str] = "distances (experiments.severity)"

    study: str
    metric: str
    metric_label: str
    measures: Mapping[str, str] = field(default_factory=dict)  # column of the table -> name
    log_measures: Sequence[str] = field(default_factory=tuple)  # logarithmic above 1
    baseline: str = ""  # a line
    lines: Mapping[str, str] = field(default_factory=dict)  # line -> name

    def can_draw(self, tables: Tables) -> bool:
        """Return whether the tables have distances."""
        return bool(tables.severities)

    def draw(self, tables: Tables) -> Figure:
        """Draw the figure, a page wide, with rows of methods and columns of distances."""
        text = wrapped(CAPTION_TEXT + (LOG_TEXT if self.log_measures else ""), PAGE)
        height = ROW * len(self.lines) + REST + CAPTION_LINE * len(text.splitlines())
        figure = Figure(figsize=(PAGE, height))
        grid = figure.subplots(
            len(self.lines), len(self.measures), squeeze=False, sharey=True, sharex="col"
        )
        for number, (line, name) in enumerate(self.lines.items()):
            grid[number, 0].set_ylabel(name.replace(", ", ",\n"), fontsize=7)
            for axes, column in zip(grid[number], self.measures, strict=True):
                self._draw_cells(axes, tables, line, column, number)
        for axes, (column, measure) in zip(grid.T, self.measures.items(), strict=True):
            title = f"ρ = {self._mean(tables, column):.2f} (mean)".replace("-", MINUS)
            axes[0].set_title(f"{title}\n", fontsize=6.5)
            axes[-1].set_xlabel(measure, fontsize=7.5)
        grid[0, 0].set_ylim(-0.06, 1.06)
        figure.supylabel(self.metric_label, fontsize=8)
        figure.supxlabel(text, fontsize=CAPTION)
        return figure

    def _draw_cells(self, axes: Axes, tables: Tables, line: str, column: str, number: int) -> None:
        """Draw the panel of a method and a distance, with its ρ."""
        by_task = self._points(tables, line, column)
        _scatter(axes, _homes(tables, line), by_task, look(number)["color"])
        axes.tick_params(labelsize=6.5)
        if column in self.log_measures:
            axes.set_xscale("symlog", linthresh=1, linscale=0.5)
            axes.set_xticks([0, 1, 10, 100], ["0", "1", "10", "100"])
            axes.set_xticks([], minor=True)
            axes.set_xlim(left=-0.1)
            axes.axvline(1, color="0.75", linewidth=0.8, zorder=0)
        shared = on_shared_cells([*by_task.values()])
        if shared:
            text = f"{mean_rank_correlation(shared):.2f}".replace("-", MINUS)
            axes.set_title(text, fontsize=6, color="0.35", loc="right", pad=2)

    def _mean(self, tables: Tables, column: str) -> float:
        """Return the mean of ρ over the methods other than the baseline."""
        judged: list[Points] = []
        for line in self.lines:
            if line != self.baseline:
                judged += self._points(tables, line, column).values()
        return mean_rank_correlation(on_shared_cells(judged))

    def _points(self, tables: Tables, line: str, column: str) -> dict[str, Points]:
        """Return distance and score of each cell that has both, for every task of the label."""
        scores: dict[tuple[str, str, int], list[float]] = {}
        for row in chosen(tables.scores, metric=self.metric, method=line)["row"]:
            scores.setdefault((row.task, row.distribution, row.size), []).append(row.mean)
        found: dict[str, Points] = {}
        for cell in tables.severities:
            place = cell.task, cell.distribution, cell.size
            if cell.model == model_of(line) and place in scores:
                point = getattr(cell, column), float(np.mean(scores[place]))
                if not np.isnan(point).any():
                    found.setdefault(cell.task, {})[place[1:]] = point
        return found


def _homes(tables: Tables, line: str) -> set[tuple[str, str]]:
    """Return task and training distribution of a method, for every task of its label."""
    rows = chosen(tables.scores, model=model_of(line), shift="none")
    return set(zip(rows["task"], rows["distribution"], strict=True))


def _scatter(
    axes: Axes, homes: Collection[tuple[str, str]], by_task: Mapping[str, Points], colour: str
) -> None:
    """Draw the cells of a method; cells of a task's training family are filled."""
    cells = [(task, cell, point) for task, of in by_task.items() for cell, point in of.items()]
    is_home = np.array([(task, cell[0]) in homes for task, cell, _ in cells], dtype=bool)
    points = np.array([point for _, _, point in cells]).reshape(-1, 2)
    for chosen_ones, face in ((~is_home, "none"), (is_home, colour)):
        axes.scatter(
            *points[chosen_ones].T, s=9, facecolors=face, edgecolors=colour, linewidths=0.7
        )
