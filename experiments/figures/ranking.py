"""A figure of methods, ordered by their interquartile mean over all shifted cells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.figures.captions import sample
from experiments.figures.exhibit import TableFigure, Tables
from experiments.figures.style import CAPTION, CAPTION_LINE, COLOURS, COLUMN, wrapped
from experiments.statistics.matrix import Cell, by_method, shared_cells
from experiments.statistics.standings import Goal, Standing, standings
from experiments.tables.frame import chosen
from experiments.tables.goals import perfect_of
from experiments.tables.rows import Row

LINE, KEY, REST = 0.145, 0.165, 0.75  # inches: height of a method, a legend entry, and the rest
IQM_TEXT = (
    "Dots: interquartile mean (IQM, the mean of the middle half) over the shifted cells, which"
    " differ from training in size or distribution. Rings: mean over the cells as trained."
)


@dataclass(frozen=True)
class Ranking(TableFigure):
    """A dot with its 95 % interval for each method, best on top; a ring marks the score as trained.

    The dot is the mean over runs of the interquartile mean over cells; the interval is over runs
    and instances (`aggregate`).

    `groups` maps the name of a group, which has one colour, to its methods: `model` or `model@rule`
    -> name for the reader. Methods without a row are left out. The dotted line is the score of the
    baseline. A method without an answer on some of the cells has "n/a" instead of a dot.
    """

    needs: ClassVar[str] = "metrics.csv, or the baseline, or a shifted cell of all methods"

    study: str
    metric: str
    metric_label: str
    baseline: str  # the name of a method
    groups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def can_draw(self, tables: Tables) -> bool:
        """Return whether the baseline has rows and a cell is shifted for all methods."""
        methods = self._methods(tables)
        return bool(tables.goals and self.baseline in methods and shared_cells(methods))

    def _methods(self, tables: Tables) -> dict[str, list[Row]]:
        """Return the rows of the methods that are in a group."""
        names = [method for group in self.groups.values() for method in group]
        return by_method(chosen(tables.scores, metric=self.metric, method=names)["row"])

    def draw(self, tables: Tables) -> Figure:
        """Draw the figure, a column wide."""
        names = {method: name for group in self.groups.values() for method, name in group.items()}
        methods = self._methods(tables)
        perfect = perfect_of(tables.goals, methods[self.baseline][0].task, self.metric)
        found, cells = standings(methods, Goal(perfect, threshold=perfect))
        missing = {name: _without_answer(rows, cells) for name, rows in methods.items()}
        is_known = any(np.isfinite(standing.shifted.low) for standing in found)
        text = wrapped(_told(methods, missing, is_known=is_known), COLUMN)
        groups = {g: m for g, m in self.groups.items() if any(s.method in m for s in found)}
        height = LINE * len(found) + KEY * (len(groups) + 2) + REST
        figure = Figure(figsize=(COLUMN, height + CAPTION_LINE * len(text.splitlines())))
        axes = figure.add_subplot()
        colours = dict(zip(self.groups, COLOURS, strict=False))
        for group, members in groups.items():
            places = [k for k, s in enumerate(found) if s.method in members]
            some = [(k, found[k], missing[found[k].method]) for k in places]
            _draw(axes, some, len(cells), colours[group], group)
        baseline = next(s.shifted.mean for s in found if s.method == self.baseline)
        axes.axvline(baseline, color="0.4", linestyle=":", linewidth=1, zorder=1)
        axes.annotate(
            names[self.baseline], (baseline, 1), (2, 2), xycoords=("data", "axes fraction"),
            textcoords="offset points", fontsize=6.5, color="0.35",
        )  # fmt: skip
        axes.plot([], [], "o", markerfacecolor="none", color="0.5", label="ring: as trained")
        axes.set_yticks(range(len(found)), [names[s.method] for s in found], fontsize=6.5)
        axes.set_ylim(len(found) - 0.4, -0.6)
        axes.set_xlabel(f"{self.metric_label}: IQM of\n{len(cells)} shifted cells")
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0)
        figure.legend(loc="outside upper center", ncols=1, fontsize=7)
        figure.supxlabel(text, fontsize=CAPTION)
        return figure


def _told(
    methods: Mapping[str, Sequence[Row]], missing: Mapping[str, int], *, is_known: bool
) -> str:
    """Return the caption: the numbers of runs and instances, and the meaning of the bars."""
    of = sample(row for rows in methods.values() for row in rows)
    bars = "95 % intervals over runs and instances" if is_known else "none in the tables"
    none = ""
    if any(missing.values()):
        none = " n/a: cells without an answer, which count as 0 in the ranking."
    return f"{IQM_TEXT} {of[:1].upper()}{of[1:]}. Bars: {bars}.{none}"


def _without_answer(rows: Sequence[Row], cells: Sequence[Cell]) -> int:
    """Return the number of the given cells on which a method has no answer."""
    places = {(r.distribution, r.size) for r in rows if np.isnan(r.mean)}
    return len(places.intersection(cells))


def _draw(
    axes: Axes, some: Sequence[tuple[int, Standing, int]], num_cells: int, colour: str, group: str
) -> None:
    """Draw the methods of a group on their lines; methods with a missing answer have no mean."""
    whole = [(place, standing) for place, standing, missing in some if not missing]
    places = [place for place, _ in whole]
    means = np.array([s.shifted.mean for _, s in whole])
    ends = np.array([[s.shifted.mean - s.shifted.low, s.shifted.high - s.shifted.mean]
                     for _, s in whole]).reshape(-1, 2).T  # fmt: skip
    axes.hlines(
        places, means, [s.home for _, s in whole], color=colour, linewidth=0.6, linestyles=":"
    )
    axes.plot(
        [s.home for _, s, _ in some], [place for place, _, _ in some], "o", color=colour,
        markerfacecolor="white", markersize=3.2, alpha=0.7,
    )  # fmt: skip
    axes.errorbar(
        means, places, xerr=np.nan_to_num(ends), color=colour, fmt="o", elinewidth=1.0,
        markersize=2.6, label=group,
    )  # fmt: skip
    for place, standing, missing in some:
        if missing:
            axes.annotate(
                f"n/a on {missing} of {num_cells}", (standing.home, place), (5, 0), va="center",
                textcoords="offset points", color=colour, fontsize=5.5,
            )  # fmt: skip
