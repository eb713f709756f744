"""Instances as their tasks draw them: side by side, as a strip of frames, and as an animation."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import ClassVar

import numpy as np
from matplotlib.figure import Figure

from data_gen.picture import Picture
from experiments.figures.drawing import Place, add_legend, draw_panel, draw_strip, written
from experiments.figures.exhibit import TableFigure, Tables
from experiments.figures.moment import moment
from experiments.figures.style import CAPTION, CAPTION_LINE, PAGE, wrapped
from experiments.settings.errors import UserError

LARGEST = 4.2  # inches, the height of a panel
LEAST_FRAMES = 36  # of an animation, at about ten in a second


@dataclass(frozen=True)
class Pictures(TableFigure):
    """Instances as their task draws them, with the answers of a trained network.

    Without `shown` the pictures are side by side, with all frames in one panel where the task has
    such a summary, else at the last frame. With `shown` every picture has a row of frames. The
    caption is below the still figure.
    """

    study: str
    file: str  # the file of pictures, without its ending
    shown: Sequence[int] = ()  # the frames of a strip; 0 is the first
    moving: Sequence[int] = ()  # which pictures the animation has; (): all
    num_frames: int = 50  # of the animation, at most
    axis: str = ""  # below the numbers, in place of what the picture says
    axes: Sequence[str] = ()  # what x and y of a strip are
    caption: str = ""

    def __post_init__(self) -> None:
        """Raise ValueError for the name of one axis without the other."""
        if len(self.axes) not in (0, 2):
            raise ValueError(f"axes must be two names, got {list(self.axes)!r}")

    frame_ms: ClassVar[int] = 100
    num_colours: ClassVar[int] = 128

    def can_draw(self, tables: Tables) -> bool:
        """Whether the file of pictures is there."""
        return self.file in tables.pictures

    def draw(self, tables: Tables) -> Figure:
        """A page wide."""
        pictures = tables.pictures[self.file]
        figure = self._rows(pictures) if self.shown else self._columns(pictures)
        if self.caption:
            text = wrapped(self.caption, figure.get_figwidth())
            height = figure.get_figheight() + CAPTION_LINE * len(text.splitlines())
            figure.set_figheight(height)
            figure.supxlabel(text, fontsize=CAPTION)
        return figure

    def frames(self, tables: Tables) -> list[Figure]:
        """The pictures that move, side by side, from their first frames to their last."""
        pictures = tables.pictures[self.file]
        pictures = self._chosen(pictures, self.moving) if self.moving else pictures
        last = max(len(picture.captions) for picture in pictures) - 1
        if not last:
            return []
        numbers = np.linspace(0, last, min(self.num_frames, last + 1)).round().astype(int)
        drawn = [moment(pictures, int(number)) for number in numbers]
        held = max(1, LEAST_FRAMES // len(drawn))  # where there are few, each stays for longer
        return [figure for figure in drawn for _ in range(held)]

    def _columns(self, pictures: Sequence[Picture]) -> Figure:
        """The pictures side by side, their numbers below."""
        groups = [_still(picture) for picture in pictures]
        places = list(chain.from_iterable(groups))
        ratios = [place.ratio for place in places]
        width = PAGE if len(places) > 1 else 0.7 * PAGE
        height = min(0.92 * width / sum(ratios), LARGEST)
        has_strip = any(picture.strip for picture in pictures)
        heights = [height, height / 3.2] if has_strip else [height]
        lines = max(_told(place).count("\n") for place in places)
        figure = Figure(figsize=(width, sum(heights) + 0.9 + 0.2 * lines))
        grid = figure.add_gridspec(len(heights), len(places), height_ratios=heights,
                                   width_ratios=ratios)  # fmt: skip
        column = 0
        for picture, group in zip(pictures, groups, strict=True):
            for k, place in enumerate(group, column):
                axes = figure.add_subplot(grid[0, k])
                draw_panel(axes, *place)
                axes.set_title(_told(place))
            if picture.strip is not None:
                below = figure.add_subplot(grid[1, column : column + len(group)])
                draw_strip(below, picture.strip)
                below.set_xlabel(written(self.axis or picture.strip.axis))
                below.set_ylabel("" if column else _broken(picture.strip.title))
            column += len(group)
        add_legend(figure, places, "upper")
        return figure

    def _rows(self, pictures: Sequence[Picture]) -> Figure:
        """A row of frames for every picture."""
        rows = [
            [Place(picture, panel, k) for k in self.shown for panel in picture.panels]
            for picture in pictures
            if self._chosen(picture.captions, self.shown)
        ]
        count = max(map(len, rows))
        height = min(0.95 * PAGE / sum(place.ratio for place in rows[0]), LARGEST)
        figure = Figure(figsize=(PAGE, 0.5 + len(rows) * (height + 0.1)))
        panels = figure.subplots(len(rows), count, squeeze=False)
        for number, (axes, row) in enumerate(zip(panels, rows, strict=True)):
            for panel, place in zip(axes, row, strict=False):
                draw_panel(panel, *place)
                caption = place.picture.captions[place.frame]
                panel.set_title("" if number else written(caption), fontsize=6.5)
                if self.axes and number == len(rows) - 1:
                    panel.set_xlabel(self.axes[0], fontsize=6.5)
            title = _broken(row[0].picture.title)
            axes[0].set_ylabel("\n".join([title, *self.axes[1:]]), fontsize=6.5)
        add_legend(figure, list(chain.from_iterable(rows)), "upper")
        return figure

    def _chosen(self, found: Sequence, numbers: Sequence[int]) -> list:
        """Entries by number; raises UserError if there are not as many."""
        if not all(0 <= number < len(found) for number in numbers):
            wrong = f"{list(numbers)} is not allowed"
            raise UserError(f"figure of {self.file}: {wrong}, there are {len(found)} of them")
        return [found[number] for number in numbers]


def _still(picture: Picture) -> list[Place]:
    """The one panel that says all, or those of the last frame."""
    last = len(picture.captions) - 1
    panels = picture.panels if picture.summary is None else [picture.summary]
    return [Place(picture, panel, last) for panel in panels]


def _told(place: Place) -> str:
    """The title of a panel that stands alone: of a frame, with what its caption says."""
    picture, panel, frame = place
    if panel is picture.summary:
        return written(picture.title)
    return written(
        "\n".join([picture.title, picture.captions[frame], *filter(None, [panel.title])])
    )


def _broken(text: str) -> str:
    """A text in several lines, broken after commas and words that are long."""
    return written(text).replace(", ", ",\n")
