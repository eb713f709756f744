"""Pictures: what a task draws of one instance, as shapes in the coordinates of the instance.

A shape holds its look and its place in every frame. Nothing here draws: a renderer elsewhere writes
image files, and a player shows pictures in a browser.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import chain
from typing import Protocol

from torch_geometric.data import Batch

from data_gen.shapes import MARKS, Look, PictureError, Shape, check, is_list, is_number, is_text
from data_gen.spec import GraphOutput


class Watched(Protocol):
    """A model that also returns its answers after every round of message passing."""

    def __call__(self, batch: Batch) -> GraphOutput:
        """Return the final answer."""
        ...

    def rounds(self, batch: Batch) -> list[GraphOutput]:
        """Return the answer after each round, the final one last; only the final without rounds."""
        ...


@dataclass(frozen=True)
class Key:
    """An entry of the legend: a sample shape and its meaning."""

    text: str
    kind: str  # "line" or one of MARKS
    look: Look

    def __post_init__(self) -> None:
        check(is_text(self.text), "text", self.text)
        check(self.kind in (*MARKS, "line"), "kind", self.kind)


@dataclass(frozen=True)
class Panel:
    """Shapes in one window; later shapes cover earlier ones."""

    title: str
    shapes: Sequence[Shape]
    legend: Sequence[Key] = ()

    def __post_init__(self) -> None:
        check(is_text(self.title), "title", self.title)


@dataclass(frozen=True)
class Trace:
    """A line of a strip: one number for every frame."""

    name: str
    values: Sequence[float]
    look: Look


@dataclass(frozen=True)
class Strip:
    """A plot of numbers over the frames, drawn as lines below the panels."""

    title: str
    axis: str  # the label of the time axis
    times: Sequence[float]  # the time of each frame
    traces: Sequence[Trace]

    def __post_init__(self) -> None:
        for text in (self.title, self.axis, *(trace.name for trace in self.traces)):
            check(is_text(text), "text", text)
        for numbers in (self.times, *(trace.values for trace in self.traces)):
            is_whole = is_list(numbers) and len(numbers) == len(self.times)
            valid = is_whole and all(map(is_number, numbers))
            check(valid, f"numbers of strip {self.title!r}", numbers)


@dataclass(frozen=True)
class Picture:
    """Panels side by side, through one or several frames.

    Args:
        title: describes the instance.
        window: the range that all panels show: least x, least y, largest x, largest y.
        captions: the caption of each frame, such as "after round 12".
        panels: the panels that every frame shows.
        summary: one panel that shows all frames, for print; None: print the last frame.
        strip: a plot of numbers over the frames.
        about: describes where the picture is from.

    Raises:
        PictureError: a value that no picture has.
    """

    title: str
    window: Sequence[float]
    captions: Sequence[str]
    panels: Sequence[Panel]
    summary: Panel | None = None
    strip: Strip | None = None
    about: str = ""

    def __post_init__(self) -> None:
        for text in (self.title, self.about, *self.captions):
            check(is_text(text), "text", text)
        is_window = is_list(self.window) and len(self.window) == 4
        check(is_window and all(map(is_number, self.window)), "window", self.window)
        low_x, low_y, high_x, high_y = self.window
        check(low_x < high_x and low_y < high_y, "window", self.window)
        count = len(self.captions)
        check(count > 0, "number of frames", count)
        check(len(self.panels) > 0, "number of panels", len(self.panels))
        for shape in chain.from_iterable(panel.shapes for panel in self.all_panels):
            check(len(shape.places) in (1, count), "number of places", len(shape.places))
        if self.strip is not None:
            check(len(self.strip.times) == count, "number of times", len(self.strip.times))

    @property
    def all_panels(self) -> list[Panel]:
        """The panels of the frames and, if there is one, the summary."""
        return [*self.panels, *([] if self.summary is None else [self.summary])]


def options(given: Mapping[str, int], **defaults: int) -> dict[str, int]:
    """Return the options of a picture: the defaults, overridden by the given values.

    Args:
        given: whole numbers of at least 1, by the name of the option.
        defaults: all options that the picture has, with their default values.

    Raises:
        PictureError: an option that the picture does not have, or a value that is not allowed.
    """
    for name, value in given.items():
        if name not in defaults:
            if not defaults:
                raise PictureError(f"options must be empty for this picture, got {name!r}")
            near = get_close_matches(name, defaults, n=1)
            hint = f", did you mean {near[0]}" if near else ""
            raise PictureError(f"option must be one of {', '.join(defaults)}, got {name!r}{hint}")
        if type(value) is not int or value < 1:
            raise PictureError(f"{name} must be a whole number of at least 1, got {value!r}")
    return {**defaults, **given}
