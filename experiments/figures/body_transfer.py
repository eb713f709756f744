"""Error of single steps against the number of bodies, a panel for each kind of scene."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure

from experiments.figures.log_axis import draw_method, fit_log_axis, name_what_is_above
from experiments.figures.size_transfer import Line, label_size_axis
from experiments.figures.style import PAGE, TableFigure, Tables
from experiments.tables.rows import Row


@dataclass(frozen=True)
class Scenes:
    """A panel: the label of a task, its name, and the ratio that is asked for; 0: none is.

    Of a distribution; of none, what networks were trained on.
    """

    task: str
    name: str
    gate: float = 0.0
    distribution: str = ""


@dataclass(frozen=True)
class BodyTransfer(TableFigure):
    """Mean over runs with its 95 % interval, on one distribution, at every size.

    1 is what bodies that keep their velocity have. Where a method has no answer its line ends with
    "n/a". An interval that reaches 0 ends at the least of the runs.
    """

    study: str
    metric: str
    metric_label: str
    train_size: int
    size_label: str = "bodies"
    highest: float = 1e9  # of the axis
    panels: tuple[Scenes, ...] = field(default_factory=tuple)
    lines: tuple[Line, ...] = field(default_factory=tuple)

    def draw(self, tables: Tables) -> Figure:
        """A page wide, panels side by side."""
        figure = Figure(figsize=(PAGE, 3.1))
        panels = figure.subplots(1, len(self.panels), squeeze=False, sharey=True)[0]
        values = [1.0]
        for axes, scenes in zip(panels, self.panels, strict=True):
            values += self._draw_panel(axes, self._rows(tables, scenes), scenes)
        fit_log_axis(panels[0], values, highest=self.highest)
        for axes in panels:
            name_what_is_above(axes)
        panels[0].set_ylabel(self.metric_label)
        legend_of_all(figure, panels)
        return figure

    def _rows(self, tables: Tables, scenes: Scenes) -> list[Row]:
        """Those of a panel."""
        rows = [row for row in tables.rows if row.metric == self.metric]
        if not scenes.distribution:
            rows = at_home(rows, self.metric)
        of_panel = scenes.task, scenes.distribution
        return [r for r in rows if (r.task, r.distribution if of_panel[1] else "") == of_panel]

    def _draw_panel(self, axes: Axes, rows: list[Row], scenes: Scenes) -> list[float]:
        """The lines of one kind of scene; gives the means that are in it."""
        values = []
        for number, line in enumerate(self.lines):
            mine = [row for row in rows if row.model == line.model]
            values += draw_method(axes, mine, line.name, number)
        axes.axvline(self.train_size, color="0.9", linewidth=6, zorder=0)
        axes.axhline(1, color="0.4", linestyle=":", label="constant velocity")
        if scenes.gate:
            axes.axhline(scenes.gate, color="0.4", linestyle="-.", linewidth=0.9, label="target")
            values.append(scenes.gate)
        axes.set_title(scenes.name)
        label_size_axis(axes, sorted({row.size for row in rows}), self.size_label)
        return values


def at_home(rows: Sequence[Row], metric: str) -> list[Row]:
    """Rows of a metric on the distributions that networks were trained on, at all sizes."""
    return [row for row in rows if row.metric == metric and row.shift in ("none", "size")]


def legend_of_all(figure: Figure, panels: Sequence[Axes], num_columns: int = 4) -> None:
    """Below the panels, with everything that is in any of them once; methods first."""
    handles: dict[str, Any] = {
        label: handle
        for axes in panels
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    names = sorted(handles, key=lambda name: not isinstance(handles[name], ErrorbarContainer))
    figure.legend(
        [handles[name] for name in names], names, loc="outside lower center", ncols=num_columns
    )
