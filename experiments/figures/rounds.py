"""Scores against the number of message-passing steps: does running longer go further?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.figures.style import COLOURS, MARKERS, PAGE, TableFigure, Tables
from experiments.statistics.intervals import over_runs
from experiments.tables.rows import Row


@dataclass(frozen=True)
class Panel:
    """A metric with its name; references that have a value of it are drawn beside the model.

    `each_run`: a thin line for each run in the place of the interval, where runs are unlike.
    """

    metric: str
    name: str
    each_run: bool = False
    references: Mapping[str, str] = field(default_factory=dict)  # label in the table -> name


@dataclass(frozen=True)
class Rounds(TableFigure):
    """A panel for each metric, a line for each size; references are dashed, in the same colour."""

    study: str
    model: str
    distribution: str
    sizes: Sequence[int]
    size_label: str
    train_steps: Sequence[int]  # the fewest and the most in training: shaded
    panels: tuple[Panel, ...] = field(default_factory=tuple)

    def can_draw(self, tables: Tables) -> bool:
        """Whether there is a score after a number of rounds."""
        rows = [row for row in tables.rows if row.distribution == self.distribution]
        return any(row.steps_rule.isdigit() for row in rows)

    def draw(self, tables: Tables) -> Figure:
        """A page wide."""
        figure = Figure(figsize=(PAGE, 2.6))
        all_axes = figure.subplots(1, len(self.panels), squeeze=False, sharey=True)[0]
        rows = [row for row in tables.rows if row.distribution == self.distribution]
        for axes, panel in zip(all_axes, self.panels, strict=True):
            of_metric = [row for row in rows if row.metric == panel.metric]
            for size, colour, marker in zip(self.sizes, COLOURS, MARKERS, strict=False):
                of_size = [row for row in of_metric if row.size == size]
                name = f"{size} {self.size_label}"
                mine = [r for r in of_size if r.model == self.model]
                _draw(axes, mine, (colour, marker, "-", name), panel.each_run)
                for reference in panel.references:
                    others = [r for r in of_size if r.model == reference]
                    _draw(axes, others, (colour, "", "--", ""), panel.each_run)
            for reference, name in panel.references.items():
                axes.plot([], [], color="0.4", linestyle="--", label=name)
                del reference
            axes.set(title=panel.name, ylim=(-0.02, 1.02), xlabel="rounds of message passing")
        rounds = sorted({int(row.steps_rule) for row in rows if row.steps_rule.isdigit()})
        for axes in all_axes:
            axes.set_xscale("log", base=2)
            axes.set_xlim(rounds[0] / 1.2, rounds[-1] * 1.2)
            axes.axvspan(*self.train_steps, color="0.93", zorder=0, linewidth=0)
            axes.set_xticks(rounds, [str(number) for number in rounds], fontsize=7)
            axes.set_xticks([], minor=True)
        all_axes[0].annotate(
            "rounds in\ntraining", (rounds[0], 0.02), (-2, 0), textcoords="offset points",
            fontsize=6.5, color="0.35",
        )  # fmt: skip
        handles, labels = all_axes[-1].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside right center")
        return figure


def _draw(axes: Axes, rows: list[Row], look: tuple[str, str, str, str], each_run: bool) -> None:
    """Mean over runs at every number of rounds, with its interval or with every run."""
    rows = [row for row in rows if row.steps_rule.isdigit()]
    steps = sorted({int(row.steps_rule) for row in rows})
    if not steps:
        return
    colour, marker, style, name = look
    estimates = [over_runs([r for r in rows if int(r.steps_rule) == s]) for s in steps]
    axes.plot(
        steps, [e.mean for e in estimates], color=colour, marker=marker, linestyle=style,
        label=name or None,
    )  # fmt: skip
    if not each_run:
        low, high = [e.low for e in estimates], [e.high for e in estimates]
        axes.fill_between(steps, low, high, color=colour, alpha=0.13, linewidth=0)
        return
    for seed in sorted({row.seed for row in rows}):
        run = sorted((int(r.steps_rule), r.mean) for r in rows if r.seed == seed)
        axes.plot(*zip(*run, strict=True), color=colour, linestyle=style, linewidth=0.5, alpha=0.8)
