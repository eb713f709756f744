"""Draw the cells of a score map: colours, numbers, intervals and frames."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from experiments.figures.style import percent
from experiments.statistics.intervals import Estimate

NOT_DEFINED = "0.93"
BAR = 1.6  # inches: the height of the colour bar


@dataclass(frozen=True)
class Look:
    """The style of a score map."""

    low: float = 0.0  # the least colour: the score of guessing
    has_intervals: bool = True
    has_runs: bool = False  # the lowest and the highest run instead of the interval
    line_height: float = 0.3  # inches
    line_label: str = ""
    column_label: str = ""

    def share(self, mean: float) -> float:
        """Return the place of a score on the colour scale, from 0 to 1."""
        return (mean - self.low) / (1 - self.low)


class Cell(NamedTuple):
    """One cell of the map."""

    estimate: Estimate
    is_framed: bool
    runs: tuple[float, float] = (np.nan, np.nan)  # the lowest and the highest


Cells = dict[tuple[int, int], Cell]  # by line and column; cells that were not run are absent


def draw_cells(axes: Axes, cells: Cells, places: Sequence[float], look: Look) -> None:
    """Draw colours, numbers and frames; `places` holds the y position of each line."""
    colours: list[Any] = [
        NOT_DEFINED if np.isnan(mean) else mpl.colormaps["viridis"](look.share(mean))
        for mean in (cell.estimate.mean for cell in cells.values())
    ]
    squares = [_corners(places[line], x) for line, x in cells]
    axes.add_collection(PolyCollection(squares, facecolors=colours, antialiased=False))
    for (line, x), cell in cells.items():
        _write(axes, (x, places[line]), cell, look)
    framed = {place for place, cell in cells.items() if cell.is_framed}
    sides = [side for place in sorted(framed) for side in _sides(*place, framed, places)]
    how: dict[str, Any] = {"colors": "black", "linewidths": 1.2, "capstyle": "projecting"}
    axes.add_collection(LineCollection(sides, zorder=3, clip_on=False, **how))


def draw_colour_bar(figure: Figure, panels: Sequence[Axes], look: Look) -> None:
    """Draw the colour bar, in per cent, at the right of the panels."""
    scale = ScalarMappable(Normalize(100 * look.low, 100), "viridis")
    height = figure.get_size_inches()[1]
    bar = figure.colorbar(
        scale, ax=list(panels), shrink=min(1.0, BAR / height), aspect=BAR * 12, pad=0.01
    )
    bar.ax.tick_params(labelsize=6, length=2)
    bar.ax.set_title("%", fontsize=6.5)
    bar.outline.set_visible(False)  # pyright: ignore[reportCallIssue]


def _write(axes: Axes, place: tuple[float, float], cell: Cell, look: Look) -> None:
    """Write the number and the interval below it, or n/a if the method is undefined there."""
    (x, y), estimate = place, cell.estimate
    style: dict[str, Any] = {"ha": "center", "va": "center"}
    if np.isnan(estimate.mean):
        axes.text(x, y, "n/a", fontsize=6, color="0.4", **style)
        return
    style["color"] = "white" if look.share(estimate.mean) < 0.6 else "black"
    mean = percent(estimate.mean)
    low, high = cell.runs if look.has_runs else (estimate.low, estimate.high)
    if not (look.has_intervals or look.has_runs) or np.isnan(low):
        axes.text(x, y, mean, fontsize=6, **style)
        return
    axes.text(x, y - 0.14, mean, fontsize=7, **style)
    axes.text(
        x, y + 0.27, "–".join(dict.fromkeys(map(percent, (low, high)))), fontsize=4.6, **style
    )


def _corners(y: float, x: float) -> list[tuple[float, float]]:
    """Return the corners of a cell, clockwise from the upper left."""
    return [(x - 0.5, y - 0.5), (x + 0.5, y - 0.5), (x + 0.5, y + 0.5), (x - 0.5, y + 0.5)]


def _sides(
    line: int, x: int, framed: set[tuple[int, int]], places: Sequence[float]
) -> list[list[tuple[float, float]]]:
    """Return the sides of a framed cell whose neighbour is not framed or in another group."""
    corners = _corners(places[line], x)
    neighbours = [(line - 1, x), (line, x + 1), (line + 1, x), (line, x - 1)]
    return [
        [corners[k], corners[(k + 1) % 4]]
        for k, place in enumerate(neighbours)
        if place not in framed or abs(places[place[0]] - places[line]) > 1
    ]
