"""Where the panels of a figure stand, and their legend."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.figures.lines import legend_of_all
from experiments.figures.style import PAGE

LEGEND = 0.6  # inches of one above or below the panels
PLACES = {"right": "right center", "above": "upper center", "below": "lower center"}


@dataclass(frozen=True)
class Layout:
    """Panels side by side, or in several rows that share their labels; one legend for all.

    `legend` is right, above or below; `legend_columns` of 0 are as many as it has entries, and one
    at the right.
    """

    width: float = PAGE  # inches
    height: float = 2.6  # inches of a row of panels
    columns: int = 0  # panels in a row; 0: all
    legend: str = "right"
    legend_columns: int = 0

    def __post_init__(self) -> None:
        """Raise ValueError for a place that legends have not."""
        if self.legend not in PLACES:
            raise ValueError(f"legend must be one of {', '.join(PLACES)}, got {self.legend!r}")

    @property
    def is_grid(self) -> bool:
        """Whether panels may be in several rows."""
        return self.columns > 0

    def panels(self, number: int) -> tuple[Figure, list[Axes]]:
        """An empty figure and its panels; a place of a grid without a panel stays blank."""
        columns = self.columns or number
        rows = -(-number // columns)
        extra = 0.0 if self.legend == "right" else LEGEND
        figure = Figure(figsize=(self.width, self.height * rows + extra))
        places = figure.subplots(
            rows, columns, sharex=self.is_grid, sharey=True, squeeze=False
        ).ravel()  # fmt: skip
        for axes in places[number:]:
            axes.set_axis_off()
        if self.is_grid:
            for axes in places[max(0, number - columns) : number]:
                axes.tick_params(labelbottom=True)  # the lowest of its column
        return figure, list(places[:number])

    def title(self, axes: Axes, name: str) -> None:
        """Name a panel; smaller in a grid."""
        axes.set_title(name, fontsize=7.5 if self.is_grid else None)

    def label(self, figure: Figure, panels: Sequence[Axes], x_label: str, y_label: str) -> None:
        """Name the axes: once for a grid, else below each panel and beside the first."""
        if self.is_grid:
            figure.supxlabel(x_label, fontsize=8)
            figure.supylabel(y_label, fontsize=8)
            return
        for axes in panels:
            axes.set_xlabel(x_label)
        panels[0].set_ylabel(y_label)

    def add_legend(self, figure: Figure, panels: Sequence[Axes]) -> None:
        """What is in any panel, once."""
        entries = {label for axes in panels for label in axes.get_legend_handles_labels()[1]}
        columns = self.legend_columns or (1 if self.legend == "right" else len(entries))
        legend_of_all(figure, panels, PLACES[self.legend], max(columns, 1))
