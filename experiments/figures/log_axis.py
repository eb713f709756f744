"""Lines on a logarithmic axis, whose intervals may reach below 0."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from experiments.figures.style import COLOURS, MARKERS
from experiments.statistics.intervals import Estimate, over_runs
from experiments.tables.rows import Row

TINY = 1e-30  # below every axis
SHIFT = 1.02  # at most, of the place of a method by that of the one before
MOST = 9  # methods, that take half of the way from a size to the next


def estimates(rows: Mapping[int, Sequence[Row]]) -> dict[int, Estimate]:
    """Over the runs, at every place where they have an answer above 0, in order.

    An interval that reaches 0 or below ends at the least of the runs instead.
    """
    found = {}
    for place, of in sorted(rows.items()):
        estimate = over_runs(of)
        if np.isfinite(estimate.mean) and estimate.mean > 0:
            least = max(min(row.mean for row in of), TINY)
            found[place] = estimate if estimate.low > 0 else estimate._replace(low=least)
    return found


def by_size(rows: Sequence[Row]) -> dict[int, list[Row]]:
    """Rows of each size."""
    return {size: [r for r in rows if r.size == size] for size in sorted({r.size for r in rows})}


def look(number: int) -> dict[str, Any]:
    """Colour, marker and line of the n-th method: those after the eighth are dashed."""
    colours, markers = (*COLOURS, "0.55"), (*MARKERS, "*")
    style = "--" if number >= len(colours) else "-"
    place = number % len(colours)
    return {"color": colours[place], "marker": markers[place], "linestyle": style}


def draw_method(axes: Axes, rows: Sequence[Row], name: str, number: int) -> list[float]:
    """Means by size with their intervals; "n/a" follows the last size that there is an answer for.

    Methods stand side by side, the first above the others. Gives the means; nothing is drawn if
    there are none.
    """
    of_size = by_size(rows)
    found = estimates(of_size)
    if not found:
        return []
    means = np.array([e.mean for e in found.values()])
    ends = [means - [e.low for e in found.values()], [e.high for e in found.values()] - means]
    sizes = sorted(of_size)
    apart = min((b / a for a, b in itertools.pairwise(sizes)), default=2.0)
    beside = min(SHIFT, apart ** (0.5 / MOST)) ** (number - 3)
    axes.errorbar(
        [size * beside for size in found], means, yerr=ends, label=name, elinewidth=0.8,
        zorder=3 - 0.05 * number, **look(number),
    )  # fmt: skip
    last = max(found)
    if last < max(of_size):
        axes.annotate(
            "n/a", (last * beside, found[last].mean), (4, 3), textcoords="offset points",
            fontsize=6.5, color=look(number)["color"],
        )  # fmt: skip
    return means.tolist()


def name_what_is_above(axes: Axes) -> None:
    """The means of methods that are above the axis, as numbers at its end."""
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
    """A logarithmic axis around positive values, within two bounds."""
    axes.set_yscale("log")
    axes.set_ylim(max(min(values), lowest) / 2, min(max(values), highest) * 3)
