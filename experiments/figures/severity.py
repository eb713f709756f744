"""The score against how far a cell is from training, a panel for each distance."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.figures.exhibit import TableFigure, Tables
from experiments.figures.lines import model_of
from experiments.figures.style import PAGE, look
from experiments.statistics.correlation import mean_rank_correlation, on_shared_cells
from experiments.statistics.matrix import Cell
from experiments.tables.frame import chosen

Points = dict[Cell, tuple[float, float]]  # of each cell its distance and score
MINUS = "\N{MINUS SIGN}"
CAPTION = (
    "Wasserstein distance of a test cell's graphs to the training set's; filled: the training"
    " family.\nρ: Spearman's, mean over the trained methods."
)


@dataclass(frozen=True)
class SeverityScatter(TableFigure):
    """A dot for each cell and method: the mean over runs.

    The title of a panel gives Spearman's ρ on the cells that all methods have a score in, mean over
    the methods; `baseline` is not among them. A label of two tasks is two methods. Filled: cells of
    the training family.
    """

    study: str
    metric: str
    metric_label: str
    measures: Mapping[str, str] = field(default_factory=dict)  # column of the table -> name
    log_measures: Sequence[str] = field(default_factory=tuple)  # logarithmic from 1 on
    baseline: str = ""  # a line
    lines: Mapping[str, str] = field(default_factory=dict)  # a line -> its name

    def can_draw(self, tables: Tables) -> bool:
        """Whether distances are there."""
        return bool(tables.severities)

    def draw(self, tables: Tables) -> Figure:
        """A page wide, panels side by side."""
        figure = Figure(figsize=(PAGE, 2.75))
        all_axes = figure.subplots(1, len(self.measures), squeeze=False, sharey=True)[0]
        for axes, (column, measure) in zip(all_axes, self.measures.items(), strict=True):
            judged = []
            for number, (line, name) in enumerate(self.lines.items()):
                by_task = self._points(tables, line, column)
                _scatter(axes, _homes(tables, line), by_task, number, name)
                judged += by_task.values() if line != self.baseline else []
            shared = on_shared_cells(judged)
            title = f"ρ = {mean_rank_correlation(shared):.2f}".replace("-", MINUS)
            axes.set_title(title, fontsize=6.5)
            axes.set_xlabel(measure, fontsize=7.5)
            if column in self.log_measures:
                axes.set_xscale("symlog", linthresh=1, linscale=0.5)
                axes.set_xticks([0, 1, 10, 100], ["0", "1", "10", "100"])
                axes.set_xticks([], minor=True)
                axes.set_xlim(left=-0.1)
        all_axes[0].set_ylabel(self.metric_label)
        all_axes[0].set_ylim(-0.03, 1.03)
        handles, labels = all_axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))
        figure.supxlabel(CAPTION, fontsize=7)
        return figure

    def _points(self, tables: Tables, line: str, column: str) -> dict[str, Points]:
        """Distance and score of each cell that has both, of every task of the label."""
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
    """Task and distribution of what a method was trained on, of every task of its label."""
    rows = chosen(tables.scores, model=model_of(line), shift="none")
    return set(zip(rows["task"], rows["distribution"], strict=True))


def _scatter(
    axes: Axes, homes: Collection[tuple[str, str]], by_task: Mapping[str, Points], number: int,
    name: str,
) -> None:  # fmt: skip
    """The cells of the n-th method; those of a task's training family are filled."""
    colour, marker = look(number)["color"], look(number)["marker"]
    cells = [(task, cell, point) for task, of in by_task.items() for cell, point in of.items()]
    is_home = np.array([(task, cell[0]) in homes for task, cell, _ in cells], dtype=bool)
    points = np.array([point for _, _, point in cells]).reshape(-1, 2)
    for chosen_ones, face in ((~is_home, "none"), (is_home, colour)):
        axes.scatter(
            *points[chosen_ones].T, s=11, marker=marker, facecolors=face, edgecolors=colour,
            linewidths=0.7, label=name if face == colour else None,
        )  # fmt: skip
