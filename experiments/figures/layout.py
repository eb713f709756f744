"""The layout of a figure's panels and their legend."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.figures.lines import legend_of_all
from experiments.figures.style import CAPTION, CAPTION_LINE, PAGE, wrapped
from experiments.settings.errors import not_one_of

LEGEND = 0.6  # inches: the height of a legend above the panels
PLACES = {"right": "right center", "above": "upper center"}


@dataclass(frozen=True)
class Layout:
    """Panels side by side or in several rows, with one legend and a caption below.

    `legend` is right or above. `legend_columns` of 0 means one column at the right, and above a
    column for each entry.
    """

    width: float = PAGE  # inches
    height: float = 2.6  # inches of a row of panels
    columns: int = 0  # panels in a row; 0: all
    legend: str = "right"
    legend_columns: int = 0

    def __post_init__(self) -> None:
        """Raise ValueError for an unknown place of the legend."""
        if self.legend not in PLACES:
            raise ValueError(str(not_one_of("legend", self.legend, PLACES)))

    @property
    def is_grid(self) -> bool:
        """True if the panels may be in several rows."""
        return self.columns > 0

    def columns_of(self, number: int) -> int:
        """Return the number of panels in a row, of `number` panels."""
        return self.columns or number

    def panels(self, number: int, caption: str) -> tuple[Figure, list[Axes]]:
        """Create a figure with a caption and empty panels; unused places stay blank."""
        columns = self.columns_of(number)
        rows = -(-number // columns)
        text = wrapped(caption, self.width)
        extra = 0.0 if self.legend == "right" else LEGEND
        extra += CAPTION_LINE * len(text.splitlines())
        figure = Figure(figsize=(self.width, self.height * rows + extra))
        places = figure.subplots(rows, columns, squeeze=False).ravel()
        for axes in places[number:]:
            axes.set_axis_off()
        if text:
            figure.supxlabel(text, fontsize=CAPTION)
        return figure, list(places[:number])

    def title(self, axes: Axes, name: str) -> None:
        """Set the title of a panel; it is smaller in a grid."""
        axes.set_title(name, fontsize=7.5 if self.is_grid else None)

    def label(self, panels: Sequence[Axes], x_label: str, y_labels: Sequence[str]) -> None:
        """Label the lowest x axes, and the y axes whose label differs from the one at the left."""
        columns = self.columns_of(len(panels))
        small: dict[str, Any] = {"fontsize": 7.5} if self.is_grid else {}
        for k, (axes, label) in enumerate(zip(panels, y_labels, strict=True)):
            if k + columns >= len(panels):
                axes.set_xlabel(x_label, **small)
            if k % columns == 0 or y_labels[k - 1] != label:
                axes.set_ylabel(label, **small)
            else:
                axes.tick_params(labelleft=False)

    def add_legend(self, figure: Figure, panels: Sequence[Axes]) -> None:
        """Add one legend with the entries of all panels."""
        entries = {label for axes in panels for label in axes.get_legend_handles_labels()[1]}
        columns = self.legend_columns or (1 if self.legend == "right" else len(entries))
        legend_of_all(figure, panels, PLACES[self.legend], max(columns, 1))
