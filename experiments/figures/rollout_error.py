"""How far rollouts are from the truth against the frames that they have been going on for."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.figures.body_transfer import legend_of_all
from experiments.figures.log_axis import estimates, fit_log_axis
from experiments.figures.style import COLOURS, MARKERS, PAGE, TableFigure, Tables
from experiments.statistics.intervals import Estimate, over_runs
from experiments.tables.rows import Row


@dataclass(frozen=True)
class RolloutError(TableFigure):
    """A line for each size, mean over runs with its 95 % interval; dashed: the floor.

    An interval that reaches 0 ends at the least of the runs. The floor is the error of the
    integrator with one step a frame, by that of constant velocity in the same scenes.
    """

    study: str
    model: str
    lowest: float  # of the axis
    highest: float
    sizes: Sequence[int]
    panels: Mapping[str, str] = field(default_factory=dict)  # label of a task -> name

    def can_draw(self, tables: Tables) -> bool:
        """Whether the model has been scored on every kind of scene."""
        found = {row.task for row in tables.rows if row.model == self.model}
        return set(self.panels) <= found

    def draw(self, tables: Tables) -> Figure:
        """A page wide, panels side by side."""
        figure = Figure(figsize=(PAGE, 2.9))
        panels = figure.subplots(1, len(self.panels), squeeze=False, sharey=True)[0]
        rows = [row for row in tables.rows if row.model == self.model]
        rows = [row for row in rows if row.shift in ("none", "size")]
        values = [1.0]
        for axes, (task, name) in zip(panels, self.panels.items(), strict=True):
            for size, colour, marker in zip(self.sizes, COLOURS, MARKERS, strict=False):
                mine = [row for row in rows if (row.task, row.size) == (task, size)]
                values += _draw(axes, mine, (colour, marker, f"{size} bodies"))
            axes.axhline(1, color="0.4", linestyle=":", label="constant velocity")
            axes.plot([], [], color="0.4", linestyle="--", label="integrator, a step a frame")
            axes.set(title=name, xlabel="frames", xscale="log")
        fit_log_axis(panels[0], values, self.lowest, self.highest)
        panels[0].set_ylabel("squared error of positions,\nby that of constant velocity")
        legend_of_all(figure, panels, 3)
        return figure


def _draw(axes: Axes, rows: list[Row], look: tuple[str, str, str]) -> list[float]:
    """The line of one size with its floor; gives the means that are in them."""
    colour, marker, name = look
    found = estimates(_by_frame(rows, "ratio"))
    means = [e.mean for e in found.values()]
    axes.plot(list(found), means, color=colour, marker=marker, label=name)
    low = [e.low for e in found.values()]
    high = [e.high for e in found.values()]
    axes.fill_between(list(found), low, high, color=colour, alpha=0.13, linewidth=0)
    floors = _floors(rows)
    axes.plot(list(floors), list(floors.values()), color=colour, linestyle="--", linewidth=0.9)
    return means + list(floors.values())


def _floors(rows: list[Row]) -> dict[int, float]:
    """Mean error of the integrator by that of constant velocity at each horizon, where not 0."""
    parts: list[dict[int, Estimate]] = [
        {frame: over_runs(of) for frame, of in _by_frame(rows, name).items()}
        for name in ("floor", "constant")
    ]
    floor, constant = parts
    ratios = {frame: floor[frame].mean / constant[frame].mean for frame in floor}
    return {frame: ratio for frame, ratio in ratios.items() if ratio > 0}


def _by_frame(rows: list[Row], name: str) -> dict[int, list[Row]]:
    """Rows of the metric `<name>_<frame>` at each frame, in order."""
    found: dict[int, list[Row]] = {}
    for row in rows:
        match = re.fullmatch(rf"{name}_(\d+)", row.metric)
        if match:
            found.setdefault(int(match[1]), []).append(row)
    return dict(sorted(found.items()))
