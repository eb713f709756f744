"""Literals of a formula that a network solves, and of one that it does not, round after round."""

from dataclasses import dataclass, field

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.figures.exhibit import TableFigure, Tables
from experiments.figures.style import COLOURS, PAGE
from experiments.tables.literal_points import LiteralPoint

MARGIN = 0.12  # around the points, of their extent
TRUE, FALSE = COLOURS[0], COLOURS[1]


@dataclass(frozen=True)
class LiteralEmbedding(TableFigure):
    """A row for each formula; a literal keeps its colour: true or false in the end.

    Source of the idea: Selsam et al. 2019, figure 4.
    """

    study: str
    rounds: tuple[int, ...] = field(default_factory=tuple)  # of the strip
    last_frame: int = 40  # of the animation

    def can_draw(self, tables: Tables) -> bool:
        """Whether the table of literals is there."""
        return bool(tables.literals)

    def draw(self, tables: Tables) -> Figure:
        """A strip of panels, a page wide."""
        figure = Figure(figsize=(PAGE, 3.1))
        panels = figure.subplots(2, len(self.rounds), squeeze=False)
        for k, (row, points) in enumerate(zip(panels, _formulas(tables.literals), strict=True)):
            limits = _limits(points)
            for axes, number in zip(row, self.rounds, strict=True):
                _scatter(axes, points, number, limits)
                axes.set_title("" if k else f"round {number}", fontsize=7.5)
            row[0].set_ylabel(_says(points[0]), fontsize=7.5)
        _legend(figure, panels[0][0])
        return figure

    def frames(self, tables: Tables) -> list[Figure]:
        """Both formulas side by side, a picture a round."""
        formulas = _formulas(tables.literals)
        limits = [_limits(points) for points in formulas]
        pictures = []
        for number in range(1, self.last_frame + 1):
            figure = Figure(figsize=(PAGE * 0.8, 3.1))
            panels = figure.subplots(1, 2)
            for axes, points, limit in zip(panels, formulas, limits, strict=True):
                _scatter(axes, points, number, limit)
                axes.set_title(_says(points[0]).replace("\n", " "), fontsize=8)
            figure.suptitle(f"after round {number}", fontsize=9, x=0.02, ha="left")
            _legend(figure, panels[0])
            pictures.append(figure)
        return pictures


def _formulas(points: list[LiteralPoint]) -> list[list[LiteralPoint]]:
    """The points of the solved formula, then of the other."""
    return [[p for p in points if p.is_solved == solved] for solved in (1, 0)]


def _says(point: LiteralPoint) -> str:
    if point.is_solved:
        return f"{point.size} variables,\nsolved after round {point.solved_after}"
    return f"{point.size} variables,\nnot solved"


def _limits(points: list[LiteralPoint]) -> np.ndarray:
    """The same window for all rounds, [2 ends, 2 axes]."""
    places = np.array([(p.x, p.y) for p in points])
    low, high = places.min(axis=0), places.max(axis=0)
    return np.array([low - MARGIN * (high - low), high + MARGIN * (high - low)])


def _scatter(axes: Axes, points: list[LiteralPoint], number: int, limits: np.ndarray) -> None:
    """The literals after a round; a line joins two complements."""
    of_round = {p.literal: p for p in points if p.round == number}
    for literal, point in of_round.items():
        if literal > 0:
            other = of_round[-literal]
            axes.plot([point.x, other.x], [point.y, other.y], color="0.85", lw=0.5, zorder=1)
    for is_true, colour, marker, name in ((1, TRUE, "o", "true"), (0, FALSE, "s", "false")):
        mine = [p for p in of_round.values() if p.is_true == is_true]
        axes.scatter(
            [p.x for p in mine], [p.y for p in mine], s=9, color=colour, marker=marker,
            linewidths=0, zorder=2, label=f"literal {name} in the last assignment",
        )  # fmt: skip
    axes.set(xlim=limits[:, 0], ylim=limits[:, 1], xticks=[], yticks=[])
    axes.spines[:].set_visible(True)
    axes.spines[:].set_color("0.8")


def _legend(figure: Figure, axes: Axes) -> None:
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2)
