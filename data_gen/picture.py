"""Pictures: what a task draws of one instance, as shapes in the coordinates of the instance.

A shape says what it looks like and where it is in every frame. Nothing here draws: one renderer
makes files of pictures, and one player shows them in a browser.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

from torch_geometric.data import Batch

from data_gen.shapes import MARKS, Look, PictureError, Shape, check, is_list, is_number, is_text
from data_gen.spec import GraphOutput


class Watched(Protocol):
    """A model that also tells its answers after every round."""

    def __call__(self, batch: Batch) -> GraphOutput:
        """The answer."""
        ...

    def rounds(self, batch: Batch) -> list[GraphOutput]:
        """The answers after each round, the final one last; of one element without rounds."""
        ...


@dataclass(frozen=True)
class Key:
    """A line of the legend: a sample, and what it stands for."""

    text: str
    kind: str  # line, or a mark
    look: Look

    def __post_init__(self) -> None:
        check(is_text(self.text), "text", self.text)
        check(self.kind in (*MARKS, "line"), "kind", self.kind)


@dataclass(frozen=True)
class Panel:
    """Shapes in one window; later ones cover earlier ones."""

    title: str
    shapes: Sequence[Shape]
    legend: Sequence[Key] = ()

    def __post_init__(self) -> None:
        check(is_text(self.title), "title", self.title)


@dataclass(frozen=True)
class Trace:
    """A number in every frame."""

    name: str
    values: Sequence[float]
    look: Look


@dataclass(frozen=True)
class Strip:
    """Numbers over the frames, drawn as lines below the panels."""

    title: str
    axis: str  # what the times are
    times: Sequence[float]  # of the frames
    traces: Sequence[Trace]

    def __post_init__(self) -> None:
        for text in (self.title, self.axis, *(trace.name for trace in self.traces)):
            check(is_text(text), "text", text)
        for numbers in (self.times, *(trace.values for trace in self.traces)):
            is_whole = is_list(numbers) and len(numbers) == len(self.times)
            check(is_whole and all(map(is_number, numbers)), "numbers of a strip", self.title)


@dataclass(frozen=True)
class Picture:
    """Panels side by side, through one or several frames.

    Args:
        title: what the instance is.
        window: the least x and y and the largest that all panels show.
        captions: of the frames, such as "after round 12".
        panels: what every frame shows.
        summary: all frames in one panel, for paper; None: the last frame says it.
        strip: numbers over the frames.
        about: where the picture is from.
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
        check(count > 0 and len(self.panels) > 0, "number of frames", count)
        for shape in chain.from_iterable(panel.shapes for panel in self.all_panels):
            check(len(shape.places) in (1, count), "number of places", len(shape.places))
        if self.strip is not None:
            check(len(self.strip.times) == count, "number of times", len(self.strip.times))

    @property
    def all_panels(self) -> list[Panel]:
        """Those of the frames, and the summary."""
        return [*self.panels, *([] if self.summary is None else [self.summary])]


def options(given: Mapping[str, int], **defaults: int) -> dict[str, int]:
    """Options of a picture, over those that it has; all are whole numbers of 1 or more.

    Raises:
        PictureError: of an option that the picture does not have, or of a wrong value.
    """
    for name, value in given.items():
        if name not in defaults:
            known = ", ".join(defaults) or "there is none"
            raise PictureError(f"{name} is not an option, these are: {known}")
        if type(value) is not int or value < 1:
            raise PictureError(f"{name} must be a whole number of at least 1, got {value!r}")
    return {**defaults, **given}
