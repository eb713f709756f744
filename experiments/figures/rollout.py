"""Scenes simulated by a network beside the truth: paths, energies, and as an animation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from experiments.figures.exhibit import TableFigure, Tables
from experiments.figures.scene_drawing import (
    Track,
    draw_bodies,
    draw_outline,
    draw_room,
    draw_springs,
    draw_trails,
    frame_room,
)
from experiments.figures.style import COLOURS, PAGE

TRUE, PREDICTED = "0.45", COLOURS[1]  # in the panels of energies
LEAST_SPAN = 0.04  # of the axis of energies, so that what is nothing looks like nothing


@dataclass(frozen=True)
class Rollout(TableFigure):
    """A column for each size: the paths of the bodies, and below them the energy over time.

    The animation shows the largest size: the truth beside the prediction.
    """

    study: str
    task: str
    model: str
    sizes: Sequence[int]
    time_unit: str = ""  # of the scene; "": its own
    trail: int = 20  # frames of the table that an animated body leaves behind
    num_pictures: int = 50  # of the animation, at most

    frame_ms: ClassVar[int] = 80
    num_colours: ClassVar[int] = 160

    def can_draw(self, tables: Tables) -> bool:
        """Whether there is a rollout of every size."""
        return all(self._track(tables, size) for size in self.sizes)

    def draw(self, tables: Tables) -> Figure:
        """A page wide."""
        figure = Figure(figsize=(PAGE, 1.6 + PAGE / max(len(self.sizes), 2)))
        heights = {"height_ratios": [3.2, 1]}
        panels = figure.subplots(2, len(self.sizes), squeeze=False, gridspec_kw=heights)
        for k, (size, above, below) in enumerate(zip(self.sizes, *panels, strict=True)):
            track = self._track(tables, size)
            assert track is not None
            _draw_paths(above, track)
            above.set_title(f"{size} bodies")
            _draw_energies(below, track)
            below.set_xlabel(f"time [{self.time_unit}]" if self.time_unit else "time")
            if not k:
                below.set_ylabel("energy change,\nby largest\nkinetic energy")
        _legend(figure)
        return figure

    def frames(self, tables: Tables) -> list[Figure]:
        """The largest size: the truth on the left, the prediction on the right."""
        track = self._track(tables, max(self.sizes))
        assert track is not None
        last = len(track.frames) - 1
        shown = np.linspace(0, last, min(self.num_pictures, last + 1)).round().astype(int)
        return [self._picture(track, int(number)) for number in shown]

    def _picture(self, track: Track, number: int) -> Figure:
        """Both scenes at one frame of the table."""
        figure = Figure(figsize=(PAGE * 0.8, 3.1))
        figure.set_layout_engine("none")  # the same places in all pictures
        places = [(left, 0.02, 0.48, 0.87) for left in (0.01, 0.51)]
        panels = [figure.add_axes(place) for place in places]
        first = max(0, number - self.trail)
        names = ("truth", "network, on its own output")
        sides = zip(panels, (track.true, track.predicted), names, strict=True)
        for axes, places, name in sides:
            frame_room(axes, track)
            draw_room(axes, track)
            draw_trails(axes, track, places[first : number + 1])
            draw_bodies(axes, track, places[number], alpha=1.0)
            axes.set_title(name)
        moment = f"time {track.times[number]:.2f} {self.time_unit}".strip()
        figure.suptitle(moment, fontsize=8, x=0.02, ha="left")
        return figure

    def _track(self, tables: Tables, size: int) -> Track | None:
        """The first scene of a size, None if there is none."""
        wanted = (self.task, self.model, size)
        points = [p for p in tables.rollouts if (p.task, p.model, p.size) == wanted]
        return Track.of(points) if points else None


def _draw_paths(axes: Axes, track: Track) -> None:
    """True paths solid, predicted ones dashed, with where they begin and end."""
    frame_room(axes, track)
    draw_room(axes, track)
    for body in track.moving:
        colour = track.colour(body)
        axes.plot(*track.true[:, body].T, color=colour, linewidth=2.2, alpha=0.4, zorder=2)
        axes.plot(*track.predicted[:, body].T, color=colour, linewidth=0.9, ls="--", zorder=3)
        start, end = track.true[0, body], track.predicted[-1, body]
        axes.plot(*start, "o", color=colour, markerfacecolor="white", markersize=3, zorder=4)
        axes.plot(*end, "x", color=colour, markersize=4.5, zorder=6)
        draw_outline(axes, track, body, end)
    draw_bodies(axes, track, track.true[-1], alpha=0.55)
    draw_springs(axes, track, track.predicted[-1], ":", alpha=0.8)


def _draw_energies(axes: Axes, track: Track) -> None:
    """Of the truth and of the prediction, over time."""
    true, predicted = track.energies.T
    axes.plot(track.times, true, color=TRUE, linewidth=2.2, alpha=0.7)
    axes.plot(track.times, predicted, color=PREDICTED, linestyle="--")
    low, high = min(0, *true, *predicted), max(0, *true, *predicted)
    room = max(LEAST_SPAN - (high - low), 0.1 * (high - low)) / 2
    axes.set_ylim(low - room, high + room)
    axes.set_xlim(track.times[0], track.times[-1])


def _legend(figure: Figure) -> None:
    """What lines and marks mean, whatever their colour."""
    grey = "0.3"
    handles = [
        Line2D([], [], color=grey, linewidth=2.2, alpha=0.5, label="truth"),
        Line2D([], [], color=grey, linewidth=0.9, linestyle="--", label="network"),
        Line2D([], [], color=grey, marker="o", ls="", mfc="white", label="start"),
        Line2D([], [], color=grey, marker="o", ls="", alpha=0.6, label="true end"),
        Line2D([], [], color=grey, marker="x", ls="", label="the network's end"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=5)
