"""Shapes: what a picture is made of, in the coordinates of what it shows, through all frames."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

MARKS = ("circle", "square", "cross")  # one at every point, all of one radius
KINDS = (*MARKS, "line", "segments", "polygon", "label")  # segments: points taken in pairs
ROLES = ("ink", "soft", "rule", "paper")  # colours of the page: text, its notes, its lines
DASHES = ("", "dashed", "dotted")
LONGEST = 200  # characters of a text

Colour = str | int  # a role, or the index of a colour of the palette
Points = Sequence[float]  # x, y, x, y, ...


class PictureError(ValueError):
    """Data that are no picture, or an option that a picture does not have; one line."""


@dataclass(frozen=True)
class Look:
    """How a shape is drawn: the line around it, and its inside."""

    colour: Colour = "ink"  # of the line, or of a text
    width: float = 0.0  # of the line, in points; 0: no line
    dash: str = ""
    fill: Colour | None = None  # of the inside
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
    """A shape through all frames."""

    kind: str
    places: Sequence[Points]  # its points in each frame, or one entry: the same in all of them
    look: Look
    radius: float = 0.0  # of marks
    text: str = ""  # of a label, written around its point
    trail: int = 0  # frames in which the way of a mark is drawn behind it, fading away

    def __post_init__(self) -> None:
        check(self.kind in KINDS, "kind", self.kind)
        check(is_number(self.radius, 0) and is_text(self.text), "shape", self.kind)
        check(type(self.trail) is int and 0 <= self.trail <= 1000, "trail", self.trail)
        multiple = 4 if self.kind == "segments" else 2
        for points in self.places:
            is_whole = is_list(points) and len(points) % multiple == 0
            check(is_whole and all(map(is_number, points)), "places of a shape", self.kind)

    def at(self, frame: int) -> np.ndarray:
        """The points [k, 2] in a frame."""
        points = self.places[frame if len(self.places) > 1 else 0]
        return np.asarray(points, dtype=float).reshape(-1, 2)


def places(points: ArrayLike) -> Sequence[Points]:
    """The places of a shape: of points [k, 2] that stay, or of those of every frame [F, k, 2]."""
    array = np.asarray(points, dtype=float)
    frames = array if array.ndim == 3 else array[None]
    return frames.reshape(len(frames), -1).tolist()


def check(is_right: bool, name: str, value: object) -> None:
    """Raise PictureError for a value that no picture has."""
    if not is_right:
        raise PictureError(f"{name} is {value!r:.60}, which no picture has")


def is_number(value: object, low: float = -1e9, high: float = 1e9) -> bool:
    """Whether a value is a number between two; NaN is not."""
    return type(value) in (int, float) and low <= value <= high  # pyright: ignore


def is_text(value: object) -> bool:
    """Whether a value is a text that is not too long."""
    return isinstance(value, str) and len(value) <= LONGEST


def is_list(value: object) -> bool:
    """Whether a value is a list of values."""
    return isinstance(value, (list, tuple))
