"""Figures of instances: side by side, as rows of frames, and as an animation."""

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

LARGEST = 4.2  # inches: the greatest height of a panel
LEAST_FRAMES = 36  # of an animation, at about ten frames a second


@dataclass(frozen=True)
class Pictures(TableFigure):
    """Pictures of instances with the answers of a trained network, as their task draws them.

    Without `shown` the pictures are side by side: in one summary panel if the task has one,
    otherwise at the last frame. With `shown` every picture has a row of frames. The caption is
    below the still figure.
    """

    needs: ClassVar[str] = "the file of pictures (experiments.look)"

    study: str
    file: str  # the file of pictures, without its ending
    shown: Sequence[int] = ()  # the frames of a row; 0 is the first
    moving: Sequence[int] = ()  # the pictures in the animation; (): all
    num_frames: int = 50  # of the animation, at most
    axis: str = ""  # x label of the strip; "": the picture's own
    axes: Sequence[str] = ()  # the x and y labels of a row of frames
    caption: str = ""

    def __post_init__(self) -> None:
        """Raise ValueError for the label of one axis without the other."""
        if len(self.axes) not in (0, 2):
            raise ValueError(f"axes must be two names, got {list(self.axes)!r}")

    frame_ms: ClassVar[int] = 100
    num_colours: ClassVar[int] = 128

    def can_draw(self, tables: Tables) -> bool:
        """Return whether the file of pictures exists."""
        return self.file in tables.pictures

    def draw(self, tables: Tables) -> Figure:
        """Draw the still figure, a page wide."""
        pictures = tables.pictures[self.file]
        figure = self._rows(pictures) if self.shown else self._columns(pictures)
        if self.caption:
            text = wrapped(self.caption, figure.get_figwidth())
            height = figure.get_figheight() + CAPTION_LINE * len(text.splitlines())
            figure.set_figheight(height)
            figure.supxlabel(text, fontsize=CAPTION)
        return figure

    def frames(self, tables: Tables) -> list[Figure]:
        """Draw the frames of the animation: the moving pictures side by side."""
        pictures = tables.pictures[self.file]
        pictures = self._chosen(pictures, self.moving) if self.moving else pictures
        last = max(len(picture.captions) for picture in pictures) - 1
        if not last:
            return []
        numbers = np.linspace(0, last, min(self.num_frames, last + 1)).round().astype(int)
        drawn = [moment(pictures, int(number)) for number in numbers]
        held = max(1, LEAST_FRAMES // len(drawn))  # few frames stay longer each
        return [figure for figure in drawn for _ in range(held)]

    def _columns(self, pictures: Sequence[Picture]) -> Figure:
        """Draw the pictures side by side, with their strips below."""
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
        """Draw a row of frames for every picture."""
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
        """Return entries by number; raise UserError for a number that is out of range."""
        if not all(0 <= number < len(found) for number in numbers):
            allowed = f"numbers from 0 to {len(found) - 1}"
            raise UserError(f"figure of {self.file} must have {allowed}, got {list(numbers)}")
        return [found[number] for number in numbers]


def _still(picture: Picture) -> list[Place]:
    """Return the summary panel if there is one, otherwise the panels of the last frame."""
    last = len(picture.captions) - 1
    panels = picture.panels if picture.summary is None else [picture.summary]
    return [Place(picture, panel, last) for panel in panels]


def _told(place: Place) -> str:
    """Return the title of a panel: the picture's, for a frame with its caption."""
    picture, panel, frame = place
    if panel is picture.summary:
        return written(picture.title)
    return written(
        "\n".join([picture.title, picture.captions[frame], *filter(None, [panel.title])])
    )


def _broken(text: str) -> str:
    """Break a text into several lines, after its commas."""
    return written(text).replace(", ", ",\n")
