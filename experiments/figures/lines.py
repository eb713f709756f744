"""How the lines of a figure are named, chosen and drawn, and how their axes are labelled.

A line's name in a yaml is the text `model@rule`: the label of a method in the table of scores and
the rule of its message-passing steps; `model` for a method without steps. It maps to the name that
the reader sees. Where the lines of a figure are the sizes of one method, they are named by numbers.
"""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.legend import Legend

from experiments.figures.style import look
from experiments.statistics.intervals import Estimate
from experiments.statistics.methods import over_runs
from experiments.tables.rows import Row

TINY = 1e-30  # below every axis
SHIFT = 1.02  # at most, of the place of a method by that of the one before
MOST = 9  # methods, that take half of the way from a size to the next

Rows = Mapping[Any, Sequence[Row]]  # the rows at each place of the x axis
Found = dict[int, Estimate]  # the estimate at each place that has one


def model_of(line: str) -> str:
    """The label of a line's method, without the rule of steps."""
    return line.partition("@")[0]


def answers(rows: Rows, *, is_log: bool = False) -> Found:
    """Estimates over the runs at every place where they have an answer, in order.

    A logarithmic axis shows only means above 0, and an interval that reaches 0 or below ends at the
    least of the runs instead.
    """
    found = {}
    for place, of in sorted(rows.items()):
        estimate = over_runs(of)
        if np.isfinite(estimate.mean) and (estimate.mean > 0 or not is_log):
            least = max(min(row.mean for row in of), TINY)
            is_whole = not (is_log and estimate.low <= 0)
            found[place] = estimate if is_whole else estimate._replace(low=least)
    return found


def draw_band(
    axes: Axes, rows: Rows, name: str, style: Mapping[str, Any], *, is_log: bool, each_run: bool
) -> Found:
    """A line of means, with a band of intervals or a thin line for each run.

    Args:
        axes: to draw on.
        rows: at every place.
        name: for the legend; "": not in it.
        style: of the line.
        is_log: whether the y axis is logarithmic.
        each_run: whether every run is drawn in place of the band.

    Returns:
        The estimates that are drawn.
    """
    found = answers(rows, is_log=is_log)
    if not found:
        return found
    axes.plot(list(found), [e.mean for e in found.values()], label=name or None, **style)
    _say_where_it_ends(axes, rows, found, style["color"])
    if each_run:
        _draw_runs(axes, rows, style)
        return found
    low, high = ([getattr(e, end) for e in found.values()] for end in ("low", "high"))
    axes.fill_between(list(found), low, high, color=style["color"], alpha=0.18, linewidth=0)
    return found


def _draw_runs(axes: Axes, rows: Rows, style: Mapping[str, Any]) -> None:
    """A thin line for each run."""
    runs: dict[int, list[tuple[int, float]]] = {}
    for place, of in rows.items():
        for row in of:
            runs.setdefault(row.seed, []).append((place, row.mean))
    for _, points in sorted(runs.items()):
        axes.plot(
            *zip(*points, strict=True), color=style["color"], linestyle=style["linestyle"],
            linewidth=0.5, alpha=0.8,
        )  # fmt: skip


def draw_bars(axes: Axes, rows: Rows, name: str, number: int, *, is_log: bool) -> Found:
    """A line of means with error bars; methods stand side by side, the first above the others.

    Args:
        axes: to draw on.
        rows: at every place.
        name: for the legend.
        number: of the line among the others.
        is_log: whether the y axis is logarithmic.

    Returns:
        The estimates that are drawn.
    """
    found = answers(rows, is_log=is_log)
    if not found:
        return found
    means = np.array([e.mean for e in found.values()])
    ends = [means - [e.low for e in found.values()], [e.high for e in found.values()] - means]
    apart = min((b / a for a, b in itertools.pairwise(sorted(rows))), default=2.0)
    beside = min(SHIFT, apart ** (0.5 / MOST)) ** (number - 3)
    axes.errorbar(
        [place * beside for place in found], means, yerr=ends, label=name, elinewidth=0.8,
        zorder=3 - 0.05 * number, **look(number),
    )  # fmt: skip
    _say_where_it_ends(axes, rows, found, look(number)["color"], beside)
    return found


def _say_where_it_ends(
    axes: Axes, rows: Rows, found: Found, colour: str, beside: float = 1.0
) -> None:
    """Write n/a behind the last place that a line has an answer for, if it has rows beyond it."""
    last = max(found)
    if last < max(rows):
        axes.annotate(
            "n/a", (last * beside, found[last].mean), (4, 3), textcoords="offset points",
            fontsize=6.5, color=colour,
        )  # fmt: skip


def name_what_is_above(axes: Axes) -> None:
    """The means of lines with error bars that are above the axis, as numbers at its end."""
    top = axes.get_ylim()[1]
    for container in axes.containers:
        line = container[0]  # pyright: ignore[reportIndexIssue]
        for x, y in np.asarray(line.get_xydata()):
            if y > top:
                digit, _, power = f"{y:.0e}".partition("e")
                text = rf"$\uparrow\,{digit}\cdot 10^{{{int(power)}}}$"
                axes.annotate(
                    text, (x, top), (-4, -1), ha="right", va="top", textcoords="offset points",
                    fontsize=6.5, color=line.get_color(),
                )  # fmt: skip


def fit_log_axis(
    axes: Axes, values: Sequence[float], lowest: float = TINY, highest: float = np.inf
) -> None:
    """A logarithmic axis around positive values, within two bounds; around 1 if there are none."""
    axes.set_yscale("log")
    values = values or [1.0]
    axes.set_ylim(max(min(values), lowest) / 2, min(max(values), highest) * 3)


def legend_of_all(figure: Figure, panels: Sequence[Axes], loc: str, num_columns: int) -> Legend:
    """A legend outside the panels, with what is in any of them once; lines with bars first."""
    handles: dict[str, Any] = {
        label: handle
        for axes in panels
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    names = sorted(handles, key=lambda name: not isinstance(handles[name], ErrorbarContainer))
    found = [handles[name] for name in names]
    place: Any = f"outside {loc}"
    return figure.legend(found, names, loc=place, ncols=num_columns)
