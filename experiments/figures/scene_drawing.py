"""A scene as a picture: bodies, springs, walls, and the trails that bodies leave."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgba
from matplotlib.patches import Circle, Rectangle

from experiments.figures.style import COLOURS
from experiments.tables.rollout_points import RolloutPoint

MARGIN = 0.06  # around the bodies, of their extent
WIDER = 1.4  # times wider a window is at most for predictions that leave it
POINT = 0.02  # radius that a point is drawn with, of the window


@dataclass(frozen=True)
class Track:
    """One scene at F frames of its n bodies."""

    bodies: list[RolloutPoint]  # at the first frame, n
    frames: list[int]
    times: np.ndarray  # [F]
    energies: np.ndarray  # [F, 2], true and predicted
    true: np.ndarray  # places [F, n, 2]
    predicted: np.ndarray  # [F, n, 2]

    @classmethod
    def of(cls, points: Sequence[RolloutPoint]) -> "Track":
        """The scene that the first of some points is of; they are in the order of the table."""
        head = points[0]
        place = (head.distribution, head.instance)
        mine = [p for p in points if (p.distribution, p.instance) == place]
        bodies = [p for p in mine if p.frame == head.frame]
        rows = np.array([(p.x, p.y, p.predicted_x, p.predicted_y) for p in mine])
        rows = rows.reshape(-1, len(bodies), 2, 2)
        firsts = mine[:: len(bodies)]
        return cls(
            bodies,
            [p.frame for p in firsts],
            np.array([p.time for p in firsts]),
            np.array([(p.energy, p.predicted_energy) for p in firsts]),
            rows[:, :, 0],
            rows[:, :, 1],
        )

    @cached_property
    def moving(self) -> list[int]:
        """The bodies that are not held."""
        return [k for k, body in enumerate(self.bodies) if body.kind == "moving"]

    @cached_property
    def springs(self) -> list[tuple[int, int]]:
        """The pairs of bodies that springs join."""
        place = {body.body: k for k, body in enumerate(self.bodies)}
        return [
            (k, place[int(other)])
            for k, body in enumerate(self.bodies)
            for other in body.bonds.split()
        ]

    @cached_property
    def window(self) -> tuple[np.ndarray, float]:
        """Centre [2] and half width of the square that is shown.

        The whole truth is in it, walls and discs as well, and a prediction that stays near.
        """
        radii = np.array([body.radius for body in self.bodies])[:, None]
        low = (self.true - radii).min(axis=(0, 1))
        high = (self.true + radii).max(axis=(0, 1))
        centre, half = (low + high) / 2, float((high - low).max()) / 2
        if not np.isnan(self.bodies[0].half_width):
            centre, half = np.zeros(2), self.bodies[0].half_width
        reach = float((np.abs(self.predicted - centre) + radii).max())
        return centre, min(max(half, reach), WIDER * half) * (1 + MARGIN)

    def colour(self, body: int) -> str:
        """That of a body all over the picture."""
        return COLOURS[self.moving.index(body) % len(COLOURS)]


def frame_room(axes: Axes, track: Track) -> None:
    """The same window for truth and prediction, without ticks."""
    (x, y), half = track.window
    axes.set(xlim=(x - half, x + half), ylim=(y - half, y + half), xticks=[], yticks=[])
    axes.set_aspect("equal")
    axes.spines[:].set_visible(bool(np.isnan(track.bodies[0].half_width)))  # walls are drawn
    axes.spines[:].set_color("0.85")


def draw_room(axes: Axes, track: Track) -> None:
    """The walls of the box, if there is one, and what stays where it is."""
    half = track.bodies[0].half_width
    if not np.isnan(half):
        axes.add_patch(
            Rectangle((-half, -half), 2 * half, 2 * half, fill=False, color="0.25", linewidth=1.4)
        )
    for body in track.bodies:
        if body.kind == "disc":
            axes.add_patch(Circle((body.x, body.y), body.radius, color="0.75", linewidth=0))
        if body.kind == "pinned":
            axes.plot(body.x, body.y, "s", color="0.25", markersize=4, zorder=5)


def draw_bodies(axes: Axes, track: Track, places: np.ndarray, alpha: float) -> None:
    """Discs with their radius, points with one that can be seen, and the springs between them.

    Args:
        axes: with the window of the track.
        track: whose bodies they are.
        places: of all of them [n, 2].
        alpha: of what is drawn.
    """
    draw_springs(axes, track, places, "-", alpha)
    point = POINT * track.window[1]
    for body in track.moving:
        radius = max(track.bodies[body].radius, point)
        colour = to_rgba(track.colour(body), alpha)
        axes.add_patch(Circle(tuple(places[body]), radius, fc=colour, lw=0, zorder=5))


def draw_springs(axes: Axes, track: Track, places: np.ndarray, style: str, alpha: float) -> None:
    """Between the bodies that they join, at places [n, 2]."""
    for pair in track.springs:
        axes.plot(*places[list(pair)].T, style, color="0.35", lw=0.9, alpha=alpha, zorder=4)


def draw_outline(axes: Axes, track: Track, body: int, place: np.ndarray) -> None:
    """The rim of a body that is no point, at a place [2]."""
    rim = Circle(tuple(place), track.bodies[body].radius, fill=False, ls="--", lw=0.8, zorder=5)
    rim.set_edgecolor(track.colour(body))
    axes.add_patch(rim)


def draw_trails(axes: Axes, track: Track, places: np.ndarray) -> None:
    """Where bodies were [f, n, 2], fading away."""
    steps = np.stack([places[:-1], places[1:]], axis=2)  # [f - 1, n, 2, 2]
    alphas = np.linspace(0, 0.7, len(steps) + 1)[1:]
    for body in track.moving:
        colours = [to_rgba(track.colour(body), alpha) for alpha in alphas]
        axes.add_collection(LineCollection(list(steps[:, body]), colors=colours, linewidths=1.3))
