"""Score against size, a panel for every family of graphs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from matplotlib.figure import Figure

from experiments.figures.size_transfer import Line, draw_line, is_of, label_size_axis
from experiments.figures.style import COLOURS, MARKERS, PAGE, TableFigure, Tables


@dataclass(frozen=True)
class FamilyTransfer(TableFigure):
    """Small multiples: which families a method transfers to, and how far."""

    study: str
    metric: str
    metric_label: str
    size_label: str
    families: Mapping[str, str] = field(default_factory=dict)  # in the table -> for the reader
    lines: tuple[Line, ...] = field(default_factory=tuple)
    num_columns: int = 4

    def draw(self, tables: Tables) -> Figure:
        """A page wide; one legend above all panels."""
        rows = [row for row in tables.rows if row.metric == self.metric]
        shown = [name for name in self.families if any(r.distribution == name for r in rows)]
        num_rows = -(-len(shown) // self.num_columns)
        figure = Figure(figsize=(PAGE, 1.6 * num_rows + 0.6))
        panels = figure.subplots(
            num_rows, self.num_columns, sharex=True, sharey=True, squeeze=False
        ).ravel()
        for axes, family in zip(panels, shown, strict=False):
            of_family = [row for row in rows if row.distribution == family]
            for line, colour, marker in zip(self.lines, COLOURS, MARKERS, strict=False):
                draw_line(axes, [r for r in of_family if is_of(r, line)], line.name, colour, marker)
            largest = max(row.size for row in of_family)
            diameter = tables.cells[family, largest].diameter
            axes.set_title(
                f"{self.families[family]}\ndiameter {diameter:.0f} at {largest}", fontsize=7.5
            )
            axes.set_ylim(-0.03, 1.03)
            label_size_axis(axes, sorted({row.size for row in rows}), "")
        for axes in panels[len(shown) :]:
            axes.set_axis_off()
        for axes in panels[max(0, len(shown) - self.num_columns) : len(shown)]:
            axes.tick_params(labelbottom=True)  # the lowest of its column
        figure.supxlabel(self.size_label, fontsize=8)
        figure.supylabel(self.metric_label, fontsize=8)
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))
        return figure
