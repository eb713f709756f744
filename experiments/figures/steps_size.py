"""The score as a map of message-passing steps and sizes: what does a larger instance need?"""

from collections.abc import Sequence
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

CELL = 0.36  # inches, the height of one


@dataclass(frozen=True)
class Panel:
    """A metric of a model with its name."""

    model: str
    metric: str
    name: str
    is_trained: bool = True


@dataclass(frozen=True)
class StepsSize(TableFigure):
    """A map for each panel, mean over runs and its 95 % interval; what was not run is blank.

    Framed: sizes and steps as trained.
    """

    study: str
    distribution: str
    size_label: str
    steps_label: str
    caption: str
    train_size: int  # the largest
    train_steps: Sequence[int]  # the fewest and the most
    low: float = 0.0  # the colours begin here: what guessing gives
    panels: Sequence[Panel] = field(default_factory=tuple)

    def can_draw(self, tables: Tables) -> bool:
        """Whether a panel has a row."""
        return bool(self._rows(tables))

    def _rows(self, tables: Tables) -> list[Row]:
        """Those of all panels, of a number of steps."""
        shown = {(panel.model, panel.metric) for panel in self.panels}
        rows = [row for row in tables.rows if (row.model, row.metric) in shown]
        rows = [row for row in rows if row.distribution == self.distribution]
        return [row for row in rows if row.steps_rule.isdigit()]

    def draw(self, tables: Tables) -> Figure:
        """A page wide, panels side by side."""
        rows = self._rows(tables)
        sizes = sorted({row.size for row in rows})
        steps = sorted({int(row.steps_rule) for row in rows})
        figure = Figure(figsize=(PAGE, CELL * len(sizes) + 1.2))
        all_axes = figure.subplots(1, len(self.panels), squeeze=False, sharey=True)[0]
        for axes, panel in zip(all_axes, self.panels, strict=True):
            mine = [r for r in rows if (r.model, r.metric) == (panel.model, panel.metric)]
            self._map(axes, mine, sizes, steps)
            if panel.is_trained:
                self._frame(axes, sizes, steps)
            axes.set_title(panel.name)
        all_axes[0].set_ylabel(self.size_label)
        all_axes[len(all_axes) // 2].set_xlabel(self.steps_label)
        figure.supxlabel(self.caption, fontsize=7)
        return figure

    def _map(self, axes: Axes, rows: Sequence[Row], sizes: list[int], steps: list[int]) -> None:
        """One map: steps to the right, sizes upwards."""
        colours = mpl.colormaps["cividis"]
        for y, size in enumerate(sizes):
            for x, number in enumerate(steps):
                found = [r for r in rows if (r.size, int(r.steps_rule)) == (size, number)]
                if not found:
                    continue
                mean, low, high = over_runs(found)
                share = (mean - self.low) / (1 - self.low)
                place, ink = (x - 0.5, y - 0.5), "white" if share < 0.55 else "black"
                axes.add_patch(Rectangle(place, 1, 1, color=colours(share), linewidth=0))
                style: dict[str, Any] = {"ha": "center", "va": "center", "color": ink}
                axes.text(x, y + 0.13, percent(mean), fontsize=7, **style)
                ends = percent(low), percent(high)
                text = "–".join(dict.fromkeys(ends))
                axes.text(x, y - 0.27, text, fontsize=4.6, **style)
        axes.set(xlim=(-0.5, len(steps) - 0.5), ylim=(-0.5, len(sizes) - 0.5))
        axes.set_xticks(range(len(steps)), [str(number) for number in steps], fontsize=6.5)
        axes.set_yticks(range(len(sizes)), [str(size) for size in sizes])
        axes.tick_params(length=0)
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)

    def _frame(self, axes: Axes, sizes: list[int], steps: list[int]) -> None:
        """Around what is as trained."""
        rows = [k for k, size in enumerate(sizes) if size <= self.train_size]
        low, high = self.train_steps
        columns = [k for k, number in enumerate(steps) if low <= number <= high]
        if rows and columns:
            corner = min(columns) - 0.5, min(rows) - 0.5
            size = np.ptp(columns) + 1, np.ptp(rows) + 1
            axes.add_patch(Rectangle(corner, *size, fill=False, linewidth=1.2, zorder=3))
