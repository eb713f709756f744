"""Score against size on the training family, a line for every method."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.figures.style import COLOURS, COLUMN, MARKERS, TableFigure, Tables
from experiments.statistics.intervals import over_runs
from experiments.tables.rows import Row


@dataclass(frozen=True)
class Line:
    """One method: its label and rule of steps in the table, and its name for the reader."""

    model: str
    name: str
    steps_rule: str = ""


@dataclass(frozen=True)
class SizeTransfer(TableFigure):
    """Mean over runs with its 95 % interval (over instances where there is one run)."""

    study: str
    metric: str
    metric_label: str
    size_label: str
    distribution: str
    train_sizes: tuple[int, int]  # the smallest and the largest: shaded
    lines: tuple[Line, ...] = field(default_factory=tuple)

    def draw(self, tables: Tables) -> Figure:
        """One panel, a column wide."""
        figure = Figure(figsize=(COLUMN * 1.5, 2.6))
        axes = figure.add_subplot()
        rows = [row for row in tables.rows if row.metric == self.metric]
        rows = [row for row in rows if row.distribution == self.distribution]
        for line, colour, marker in zip(self.lines, COLOURS, MARKERS, strict=False):
            draw_line(axes, [r for r in rows if is_of(r, line)], line.name, colour, marker)
        axes.axvspan(*self.train_sizes, color="0.9", zorder=0, linewidth=0)
        label_size_axis(axes, sorted({row.size for row in rows}), self.size_label)
        axes.annotate(
            "training\nsizes", (self.train_sizes[0] * 1.03, 0.03), fontsize=6.5, color="0.35"
        )
        axes.set(ylabel=self.metric_label, ylim=(-0.02, 1.02))
        figure.legend(loc="outside right center")
        return figure


def is_of(row: Row, line: Line) -> bool:
    """Whether a row belongs to a line."""
    return row.model == line.model and row.steps_rule in (line.steps_rule, "")


def draw_line(axes: Axes, rows: Sequence[Row], name: str, colour: str, marker: str) -> None:
    """Mean and interval at every size; nothing if there are no rows."""
    sizes = sorted({row.size for row in rows})
    if not sizes:
        return
    estimates = [over_runs([row for row in rows if row.size == size]) for size in sizes]
    axes.plot(sizes, [e.mean for e in estimates], color=colour, marker=marker, label=name)
    axes.fill_between(
        sizes,
        [e.low for e in estimates],
        [e.high for e in estimates],
        color=colour,
        alpha=0.18,
        linewidth=0,
    )


def label_size_axis(axes: Axes, sizes: Sequence[int], label: str) -> None:
    """Sizes double: a logarithmic axis with a tick at each of those tested."""
    axes.set_xscale("log", base=2)
    axes.set_xticks(list(sizes), [str(size) for size in sizes])
    axes.set_xticks([], minor=True)
    axes.set_xlabel(label)
