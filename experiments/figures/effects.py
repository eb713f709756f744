"""Draw the effect of each choice of a factorial study, on cells of several sizes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.figures.exhibit import TableFigure, Tables
from experiments.figures.style import CAPTION, CAPTION_LINE, PAGE, look, wrapped
from experiments.tables.effects import Effect

ROW, REST = 0.42, 1.1  # inches: of a choice, and of titles, axis and legend
APART = 0.15  # between the sizes of a choice, in rows


@dataclass(frozen=True)
class EffectsPlot(TableFigure):
    """A panel for each distribution, a row for each choice, a dot for each size.

    The dot is the difference of the mean scores of the arms with and without the choice, alike in
    all other choices; the bar is the 95 % interval over runs and instances (`experiments.effects`).

    Args:
        study: whose `effects.csv` is drawn.
        metric_label: what the score is, for the axis.
        choices: choice -> its name for the reader, in order; others are left out.
        distributions: distribution -> the title of its panel.
    """

    needs: ClassVar[str] = "effects (experiments.effects)"

    study: str
    metric_label: str
    choices: Mapping[str, str] = field(default_factory=dict)
    distributions: Mapping[str, str] = field(default_factory=dict)

    def can_draw(self, tables: Tables) -> bool:
        """Return whether the tables have effects of these choices."""
        return any(self._is_drawn(effect) for effect in tables.effects)

    def _is_drawn(self, effect: Effect) -> bool:
        return effect.choice in self.choices and effect.distribution in self.distributions

    def draw(self, tables: Tables) -> Figure:
        """Draw the figure, a page wide, with panels side by side."""
        effects = [effect for effect in tables.effects if self._is_drawn(effect)]
        text = wrapped(_told(effects), PAGE)
        height = ROW * len(self.choices) + REST + CAPTION_LINE * len(text.splitlines())
        figure = Figure(figsize=(PAGE, height))
        columns = len(self.distributions)
        panels = figure.subplots(1, columns, sharex=True, sharey=True, squeeze=False)
        sizes = sorted({effect.size for effect in effects})
        for axes, (distribution, title) in zip(panels[0], self.distributions.items(), strict=True):
            of_panel = [effect for effect in effects if effect.distribution == distribution]
            self._draw_panel(axes, of_panel, sizes)
            axes.set_title(title)
        panels[0, 0].set_yticks(range(len(self.choices)), [*self.choices.values()])
        panels[0, 0].set_ylim(len(self.choices) - 0.5, -0.5)
        handles, labels = panels[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=len(sizes))
        figure.supxlabel(f"difference of the {self.metric_label}\n\n{text}", fontsize=CAPTION)
        return figure

    def _draw_panel(self, axes: Axes, effects: Sequence[Effect], sizes: Sequence[int]) -> None:
        """Draw the effects on one distribution."""
        rows = list(self.choices)
        for number, size in enumerate(sizes):
            of_size = [effect for effect in effects if effect.size == size]
            offset = APART * (number - (len(sizes) - 1) / 2)
            means = np.array([effect.mean for effect in of_size])
            ends = np.array([[e.mean - e.low, e.high - e.mean] for e in of_size]).reshape(-1, 2)
            style = look(number)
            axes.errorbar(
                means, [rows.index(e.choice) + offset for e in of_size],
                xerr=np.nan_to_num(ends).T, elinewidth=1.0, label=f"{size} nodes",
                color=style["color"], marker=style["marker"], linestyle="none",
            )  # fmt: skip
        axes.axvline(0, color="0.4", linewidth=0.8, zorder=0)
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0)


def _told(effects: Sequence[Effect]) -> str:
    """Return the caption: the numbers of arms and runs that each dot compares."""
    pairs = sorted({effect.num_pairs for effect in effects})
    runs = sorted({effect.num_runs for effect in effects})
    return (
        f"Each dot: mean over {' or '.join(map(str, pairs))} pairs of networks that differ only in"
        f" this choice, {' or '.join(map(str, runs))} runs each, on the same instances. Bars: 95 %"
        " intervals over runs and instances."
    )
