"""Methods in order of their interquartile mean over all shifted cells."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.figures.exhibit import TableFigure, Tables
from experiments.figures.style import COLOURS, COLUMN
from experiments.statistics.matrix import by_method, shared_cells
from experiments.statistics.standings import Goal, Standing, standings
from experiments.tables.frame import chosen
from experiments.tables.goals import perfect_of
from experiments.tables.rows import Row

LINE, KEY, REST = 0.145, 0.165, 0.75  # inches: of a method, a line of the legend, the others


@dataclass(frozen=True)
class Ranking(TableFigure):
    """A dot with its 95 % interval for each method, the best on top; a ring: as trained.

    The dot is the mean over runs of the interquartile mean over cells; the interval is over runs
    and instances (`aggregate`).

    `groups` maps the name of a group, which is a colour, to its methods: `model` or `model@rule` ->
    name for the reader. The dotted line is the baseline's.
    """

    study: str
    metric: str
    metric_label: str
    baseline: str  # a method
    groups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def can_draw(self, tables: Tables) -> bool:
        """Whether the baseline is there, with a cell that is shifted for all methods."""
        methods = self._methods(tables)
        return bool(tables.goals and self.baseline in methods and shared_cells(methods))

    def _methods(self, tables: Tables) -> dict[str, list[Row]]:
        """The rows of the methods that are in a group."""
        names = [method for group in self.groups.values() for method in group]
        return by_method(chosen(tables.scores, metric=self.metric, method=names)["row"])

    def draw(self, tables: Tables) -> Figure:
        """A column wide."""
        names = {method: name for group in self.groups.values() for method, name in group.items()}
        methods = self._methods(tables)
        perfect = perfect_of(tables.goals, methods[self.baseline][0].task, self.metric)
        found, cells = standings(methods, Goal(perfect, threshold=perfect))
        height = LINE * len(found) + KEY * (len(self.groups) + 3) + REST
        figure = Figure(figsize=(COLUMN, height))
        axes = figure.add_subplot()
        for colour, (group, members) in zip(COLOURS, self.groups.items(), strict=False):
            places = [k for k, standing in enumerate(found) if standing.method in members]
            _draw(axes, places, [found[k] for k in places], colour, group)
        baseline = next(s.shifted.mean for s in found if s.method == self.baseline)
        axes.axvline(baseline, color="0.4", linestyle=":", linewidth=1, zorder=1)
        axes.annotate(
            names[self.baseline], (baseline, 1), (2, 2), xycoords=("data", "axes fraction"),
            textcoords="offset points", fontsize=6.5, color="0.35",
        )  # fmt: skip
        axes.plot(
            [],
            [],
            "o",
            markerfacecolor="none",
            color="0.5",
            label="the same method on cells as trained",
        )
        axes.plot([], [], color="0.5", linewidth=1.0, label="95 % over runs and instances")
        axes.set_yticks(range(len(found)), [names[s.method] for s in found], fontsize=6.5)
        axes.set_ylim(len(found) - 0.4, -0.6)
        axes.set_xlabel(f"{self.metric_label}: IQM of\n{len(cells)} shifted cells")
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0)
        figure.legend(loc="outside lower center", ncols=1, fontsize=7)
        return figure


def _draw(
    axes: Axes, places: list[int], standings: list[Standing], colour: str, group: str
) -> None:
    """The methods of a group, on their lines."""
    means = np.array([s.shifted.mean for s in standings])
    ends = np.array([[s.shifted.mean - s.shifted.low, s.shifted.high - s.shifted.mean]
                     for s in standings]).T  # fmt: skip
    homes = [s.home for s in standings]
    axes.hlines(places, means, homes, color=colour, linewidth=0.6, linestyles=":")
    axes.plot(homes, places, "o", color=colour, markerfacecolor="white", markersize=3.2, alpha=0.7)
    axes.errorbar(
        means, places, xerr=np.nan_to_num(ends), color=colour, fmt="o", elinewidth=1.0,
        markersize=2.6, label=group,
    )  # fmt: skip
