"""Select and draw the lines of a figure, and add its legend.

A yaml names a line by the text `model@rule`: the label of a method in the table of scores and its
step rule, or `model` for a method without steps. The text maps to the name that the reader sees. If
the lines of a figure are the sizes of one method, numbers name them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.legend import Legend

from experiments.figures.style import look, trivial_look
from experiments.statistics.intervals import Estimate
from experiments.statistics.methods import over_runs
from experiments.tables.rows import Row

TINY = 1e-30  # below every axis
LEVEL = -1  # the place of a value that is the same at all places

Rows = Mapping[Any, Sequence[Row]]  # the rows at each place of the x axis
Found = dict[int, Estimate]  # the estimate at each place that has one


def model_of(line: str) -> str:
    """Return the label of a line's method, without the step rule."""
    return line.partition("@")[0]


def answers(rows: Rows, *, is_log: bool = False) -> Found:
    """Return the estimate over the runs at every place with an answer, in order.

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
    axes: Axes, rows: Rows, name: str, style: Mapping[str, Any], *, is_log: bool
) -> Found:
    """Draw a line of means with a band of intervals.

    Args:
        axes: the axes to draw on.
        rows: the rows at every place.
        name: the name in the legend; "": not in the legend.
        style: the style of the line.
        is_log: whether the y axis is logarithmic.

    Returns:
        The estimates that are drawn.
    """
    found = answers(rows, is_log=is_log)
    if not found:
        return found
    axes.plot(list(found), [e.mean for e in found.values()], label=name or None, **style)
    _say_where_it_ends(axes, rows, found, style["color"])
    low, high = ([getattr(e, end) for e in found.values()] for end in ("low", "high"))
    if np.isfinite(low).any():
        axes.fill_between(list(found), low, high, color=style["color"], alpha=0.18, linewidth=0)
    return found


def draw_runs(axes: Axes, rows: Rows, name: str, *, is_log: bool) -> Found:
    """Draw a thin line for each run in its own colour, and means that have a trusted interval.

    Args:
        axes: the axes to draw on.
        rows: the rows at every place.
        name: the name in the legend.
        is_log: whether the y axis is logarithmic.

    Returns:
        The estimates of all means, drawn or not.
    """
    runs: dict[int, list[tuple[int, float]]] = {}
    for place, of in sorted(rows.items()):
        for row in of:
            runs.setdefault(row.seed, []).append((place, row.mean))
    for number, (seed, points) in enumerate(sorted(runs.items())):
        thin = {**look(number), "linewidth": 0.8, "markersize": 2.8}
        axes.plot(*zip(*points, strict=True), label=f"{name}, seed {seed}", **thin)
    found = answers(rows, is_log=is_log)
    known = {place: e for place, e in found.items() if np.isfinite(e.low)}
    if known:
        ends = [[e.mean - e.low for e in known.values()], [e.high - e.mean for e in known.values()]]
        axes.errorbar(
            list(known), [e.mean for e in known.values()], yerr=ends, label=f"{name}, mean",
            fmt="_", color="black", elinewidth=0.8, markersize=6, zorder=4,
        )  # fmt: skip
    return found


def draw_bars(axes: Axes, rows: Rows, name: str, number: int, *, is_log: bool) -> Found:
    """Draw a line of means with error bars; earlier lines are drawn above later ones.

    Args:
        axes: the axes to draw on.
        rows: the rows at every place.
        name: the name in the legend.
        number: the number of the line, from 0.
        is_log: whether the y axis is logarithmic.

    Returns:
        The estimates that are drawn.
    """
    found = answers(rows, is_log=is_log)
    if not found:
        return found
    means = np.array([e.mean for e in found.values()])
    ends = [means - [e.low for e in found.values()], [e.high for e in found.values()] - means]
    axes.errorbar(
        list(found), means, yerr=ends, label=name, elinewidth=0.8, zorder=3 - 0.05 * number,
        **look(number),
    )  # fmt: skip
    _say_where_it_ends(axes, rows, found, look(number)["color"])
    return found


def draw_trivial(axes: Axes, rows: Rows, name: str, number: int, *, is_log: bool) -> list[float]:
    """Draw a thin grey line of means, horizontal if it has no places; return the means."""
    style = trivial_look(number)
    if list(rows) == [LEVEL]:
        mean = over_runs(rows[LEVEL]).mean
        if not np.isfinite(mean) or (is_log and mean <= 0):
            return []
        axes.axhline(mean, label=name, **style)
        return [mean]
    means = [estimate.mean for estimate in answers(rows, is_log=is_log).values()]
    if means:
        axes.plot(list(answers(rows, is_log=is_log)), means, label=name, **style)
    return means


def _say_where_it_ends(axes: Axes, rows: Rows, found: Found, colour: str) -> None:
    """Write n/a after the last place with an answer, if the line has rows beyond it."""
    last = max(found)
    if last < max(rows):
        axes.annotate(
            "n/a", (last, found[last].mean), (4, 3), textcoords="offset points", fontsize=6.5,
            color=colour,
        )  # fmt: skip


def fit_log_axis(
    axes: Axes, values: Sequence[float], lowest: float = TINY, highest: float = np.inf
) -> None:
    """Fit a logarithmic y axis to positive values, within two bounds; to 1 without values."""
    axes.set_yscale("log")
    values = values or [1.0]
    axes.set_ylim(max(min(values), lowest) / 2, min(max(values), highest) * 3)


def legend_of_all(figure: Figure, panels: Sequence[Axes], loc: str, num_columns: int) -> Legend:
    """Add one legend outside the panels with all of their entries; lines with bars come first."""
    handles: dict[str, Any] = {
        label: handle
        for axes in panels
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    names = sorted(handles, key=lambda name: not isinstance(handles[name], ErrorbarContainer))
    found = [handles[name] for name in names]
    place: Any = f"outside {loc}"
    return figure.legend(found, names, loc=place, ncols=num_columns)
