"""Score against size on the training family, a panel for each task, a line for every method."""

from dataclasses import dataclass

from matplotlib.figure import Figure

from experiments.figures.body_transfer import at_home
from experiments.figures.size_transfer import Line, draw_line, is_of, label_size_axis
from experiments.figures.style import COLOURS, MARKERS, PAGE, TableFigure, Tables


@dataclass(frozen=True)
class TaskTransfer(TableFigure):
    """Mean over runs with its 95 % interval; shaded: the sizes trained on.

    `panels` has the name of each task for the reader.
    """

    study: str
    metric: str
    metric_label: str
    size_label: str
    train_sizes: tuple[int, int]  # the smallest and the largest
    panels: dict[str, str]
    lines: tuple[Line, ...]

    def draw(self, tables: Tables) -> Figure:
        """Panels side by side, a page wide."""
        figure = Figure(figsize=(PAGE, 2.6))
        panels = figure.subplots(1, len(self.panels), squeeze=False, sharey=True)[0]
        for axes, (task, name) in zip(panels, self.panels.items(), strict=True):
            rows = [row for row in at_home(tables.rows, self.metric) if row.task == task]
            for line, colour, marker in zip(self.lines, COLOURS, MARKERS, strict=False):
                draw_line(axes, [r for r in rows if is_of(r, line)], line.name, colour, marker)
            axes.axvspan(*self.train_sizes, color="0.9", zorder=0, linewidth=0)
            label_size_axis(axes, sorted({row.size for row in rows}), self.size_label)
            axes.set_title(name)
        panels[0].annotate(
            "training\nsizes", (self.train_sizes[0] * 1.03, 0.03), fontsize=6.5, color="0.35"
        )
        panels[0].set(ylabel=self.metric_label, ylim=(-0.02, 1.02))
        handles, names = panels[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside right center")
        return figure
