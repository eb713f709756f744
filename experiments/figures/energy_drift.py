"""How much energy rollouts gain or lose, against the number of bodies and what is true."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.figures.body_transfer import at_home, legend_of_all
from experiments.figures.log_axis import by_size, draw_method, estimates, fit_log_axis
from experiments.figures.size_transfer import Line, label_size_axis
from experiments.figures.style import PAGE, TableFigure, Tables
from experiments.tables.rows import Row


@dataclass(frozen=True)
class EnergyDrift(TableFigure):
    """Change of the energy until the longest horizon, by the largest kinetic energy.

    A line for each method, mean over runs with its 95 % interval, which ends at the least of the
    runs where it reaches 0; dashed: that of the true motion.
    """

    study: str
    metric: str
    metric_label: str
    train_size: int
    lowest: float  # the axis ends here: less is no drift
    panels: Mapping[str, str] = field(default_factory=dict)  # label of a task -> name
    lines: tuple[Line, ...] = field(default_factory=tuple)

    def draw(self, tables: Tables) -> Figure:
        """A page wide, panels side by side."""
        figure = Figure(figsize=(PAGE, 2.9))
        panels = figure.subplots(1, len(self.panels), squeeze=False, sharey=True)[0]
        drifts = at_home(tables.rows, self.metric)
        true = at_home(tables.rows, f"{self.metric}_true")
        values = [1.0]
        for axes, (task, name) in zip(panels, self.panels.items(), strict=True):
            of_task = [[row for row in rows if row.task == task] for rows in (drifts, true)]
            values += self._draw_panel(axes, *of_task)
            axes.set_title(name)
        fit_log_axis(panels[0], values, self.lowest)
        panels[0].set_ylabel(self.metric_label)
        legend_of_all(figure, panels)
        return figure

    def _draw_panel(self, axes: Axes, drifts: list[Row], true: list[Row]) -> list[float]:
        """The lines of one kind of scene; gives the means that are in it."""
        values = []
        for number, line in enumerate(self.lines):
            mine = [row for row in drifts if row.model == line.model]
            values += draw_method(axes, mine, line.name, number)
        facts = {size: rows[:1] for size, rows in by_size(true).items()}  # alike in all runs
        found = estimates(facts)
        means = [e.mean for e in found.values()]
        axes.plot(list(found), means, color="0.4", linestyle="--", label="the truth")
        if max(means, default=0) < self.lowest:
            axes.annotate(
                f"the truth: below $10^{{{math.log10(self.lowest):.0f}}}$",
                (0.02, 0.02), xycoords="axes fraction", fontsize=6.5, color="0.35",
            )  # fmt: skip
        axes.axvline(self.train_size, color="0.9", linewidth=6, zorder=0)
        label_size_axis(axes, sorted({row.size for row in drifts}), "bodies")
        return values + means
