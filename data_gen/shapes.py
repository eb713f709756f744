"""Shapes: the elements of a picture, in the coordinates of its instance, for all frames."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

MARKS = ("circle", "square", "cross")  # drawn at every point, all with the same radius
KINDS = (*MARKS, "line", "segments", "polygon", "label")  # "segments" takes points in pairs
ROLES = ("ink", "soft", "rule", "paper")  # colours of the page: text, notes, lines, background
DASHES = ("", "dashed", "dotted")
LONGEST = 200  # the most characters of a text

Colour = str | int  # one of ROLES, or the index of a colour of the palette
Points = Sequence[float]  # x, y, x, y, ...


class PictureError(ValueError):
    """The data do not form a picture, or an option of a picture is not allowed; one line."""


@dataclass(frozen=True)
class Look:
    """The look of a shape: its outline and its fill.

    Raises:
        PictureError: a value that is not allowed.
    """

    colour: Colour = "ink"  # of the outline, or of a text
    width: float = 0.0  # of the outline, in points; 0: no outline
    dash: str = ""
    fill: Colour | None = None  # None: not filled
    opacity: float = 1.0

    def __post_init__(self) -> None:
        for colour in (self.colour, self.fill):
            is_index = type(colour) is int and 0 <= colour < 1000
            check(colour is None or is_index or colour in ROLES, "colour", colour)
        check(self.colour is not None, "colour", self.colour)
        check(is_number(self.width, 0, 20), "width", self.width)
        check(self.dash in DASHES, "dash", self.dash)
        check(is_number(self.opacity, 0, 1), "opacity", self.opacity)


@dataclass(frozen=True)
class Shape:
    """A shape and its place in every frame.

    Raises:
        PictureError: a value that is not allowed.
    """

    kind: str
    places: Sequence[Points]  # the points in each frame, or one entry for all frames
    look: Look
    radius: float = 0.0  # for marks
    text: str = ""  # for a label, centred on its point
    trail: int = 0  # the number of past frames whose places a mark shows as a fading trail

    def __post_init__(self) -> None:
        check(self.kind in KINDS, "kind", self.kind)
        check(is_number(self.radius, 0), "radius", self.radius)
        check(is_text(self.text), "text", self.text)
        check(type(self.trail) is int and 0 <= self.trail <= 1000, "trail", self.trail)
        multiple = 4 if self.kind == "segments" else 2
        for points in self.places:
            is_whole = is_list(points) and len(points) % multiple == 0
            check(is_whole and all(map(is_number, points)), f"points of a {self.kind}", points)

    def at(self, frame: int) -> np.ndarray:
        """Return the points [k, 2] in a frame."""
        points = self.places[frame if len(self.places) > 1 else 0]
        return np.asarray(points, dtype=float).reshape(-1, 2)


def places(points: ArrayLike) -> Sequence[Points]:
    """Return the `places` of a shape from fixed points [k, 2] or points per frame [F, k, 2]."""
    array = np.asarray(points, dtype=float)
    frames = array if array.ndim == 3 else array[None]
    return frames.reshape(len(frames), -1).tolist()


def check(is_right: bool, name: str, value: object) -> None:
    """Raise PictureError unless a value is right."""
    if not is_right:
        raise PictureError(f"{name} must be a value that a picture allows, got {value!r:.60}")


def is_number(value: object, low: float = -1e9, high: float = 1e9) -> bool:
    """Return whether a value is a number from `low` to `high`; NaN is not."""
    return type(value) in (int, float) and low <= value <= high  # pyright: ignore


def is_text(value: object) -> bool:
    """Return whether a value is a text of at most `LONGEST` characters."""
    return isinstance(value, str) and len(value) <= LONGEST


def is_list(value: object) -> bool:
    """Return whether a value is a list or a tuple."""
    return isinstance(value, (list, tuple))
