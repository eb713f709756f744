"""Learning curves: validation metrics over updates, which show whether training has converged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.figures.exhibit import TableFigure, Tables
from experiments.figures.lines import legend_of_all, model_of
from experiments.figures.style import CAPTION, CAPTION_LINE, PAGE, look, wrapped
from experiments.tables.curves import CurvePoint


@dataclass(frozen=True)
class Panel:
    """A panel for one metric, of one task or of all tasks."""

    metric: str
    name: str
    is_log: bool = False
    task: str = ""  # label of the task; "": all tasks


@dataclass(frozen=True)
class LearningCurves(TableFigure):
    """A panel for each metric; a thick line is the mean over runs, a thin line is one run.

    Later lines are thinner, so that earlier ones stay visible. If curves end at different numbers
    of updates, the caption says so.
    """

    needs: ClassVar[str] = "learning curves"

    study: str
    panels: Sequence[Panel] = field(default_factory=tuple)
    lines: Mapping[str, str] = field(default_factory=dict)  # line -> name
    caption: str = ""

    def can_draw(self, tables: Tables) -> bool:
        """Return whether the tables have learning curves."""
        return bool(tables.curves)

    def draw(self, tables: Tables) -> Figure:
        """Draw the figure, a page wide, with panels side by side."""
        text = wrapped(f"{self.caption} {self._ends(tables)}".strip(), PAGE)
        figure = Figure(figsize=(PAGE, 2.7 + CAPTION_LINE * len(text.splitlines())))
        all_axes = figure.subplots(1, len(self.panels), squeeze=False)[0]
        for axes, panel in zip(all_axes, self.panels, strict=True):
            points = [p for p in tables.curves if p.metric == panel.metric]
            points = [p for p in points if panel.task in ("", p.task)]
            for number, (line, name) in enumerate(self.lines.items()):
                mine = [p for p in points if p.model == model_of(line)]
                sizes = {
                    "markersize": max(5 - number, 1.5),
                    "linewidth": max(2 - 0.4 * number, 0.8),
                }
                _draw(axes, _runs(mine), name, {**look(number), **sizes})
            axes.set_title(panel.name, fontsize=7.5)
            axes.set_xlabel("updates")
            axes.tick_params(labelsize=7)
            if panel.is_log:
                axes.set_yscale("log")
        legend_of_all(figure, all_axes, "upper center", num_columns=len(self.lines))
        figure.supxlabel(text, fontsize=CAPTION)
        return figure

    def _ends(self, tables: Tables) -> str:
        """Return a sentence on the last update of each method, or "" if all are equal."""
        ends: dict[str, int] = {}
        for line, name in self.lines.items():
            steps = [point.step for point in tables.curves if point.model == model_of(line)]
            ends |= {name: max(steps)} if steps else {}
        if len(set(ends.values())) < 2:
            return ""
        told = ", ".join(f"{name} {end:,}" for name, end in ends.items())
        return f"Each curve ends at the last update of its method: {told}."


def _runs(points: Sequence[CurvePoint]) -> Mapping[tuple[str, int], list[tuple[int, float]]]:
    """Return the curve of every run, by task and seed."""
    runs: dict[tuple[str, int], list[tuple[int, float]]] = {}
    for point in points:
        runs.setdefault((point.task, point.seed), []).append((point.step, point.value))
    return {run: sorted(curve) for run, curve in sorted(runs.items())}


def _draw(
    axes: Axes,
    runs: Mapping[tuple[str, int], list[tuple[int, float]]],
    name: str,
    style: dict[str, Any],
) -> None:
    """Draw every run as a thin line, and the mean at the updates that all runs have."""
    for curve in runs.values():
        axes.plot(*zip(*curve, strict=True), color=style["color"], linewidth=0.5, alpha=0.6)
    if not runs:
        return
    steps = sorted(set.intersection(*({step for step, _ in curve} for curve in runs.values())))
    means = [np.mean([dict(curve)[step] for curve in runs.values()]) for step in steps]
    axes.plot(steps, means, label=name, **style)
