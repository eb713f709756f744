"""Draw one frame of an animation: the panels of pictures side by side, with their strips below.

Positions are in inches from the lower left corner, and are the same in every frame.
"""

from collections.abc import Sequence
from itertools import chain

from matplotlib.figure import Figure

from data_gen.picture import Picture
from experiments.figures.drawing import Place, add_legend, draw_panel, draw_strip, written
from experiments.figures.style import PAGE

WIDTH, LARGEST = 0.8 * PAGE, 4.2  # width of a figure; greatest height of a panel
EDGE, TITLE, KEYS, STRIP = 0.1, 0.25, 0.3, 0.8  # margin; heights of a title, legend and strip


def moment(pictures: Sequence[Picture], number: int) -> Figure:
    """Draw the panels of all pictures at a frame; an ended picture keeps its last frame."""
    groups = [
        [Place(picture, panel, min(number, len(picture.captions) - 1)) for panel in picture.panels]
        for picture in pictures
    ]
    places = list(chain.from_iterable(groups))
    total = sum(place.ratio for place in places)
    height = min((WIDTH - EDGE * (len(places) + 1)) / total, LARGEST)
    bottom = EDGE + (KEYS if any(place.panel.legend for place in places) else 0.0)
    bottom += STRIP + TITLE if any(picture.strip for picture in pictures) else 0.0
    above = 2.1 * TITLE if any(place.panel.title for place in places) else 1.5 * TITLE
    figure = Figure(figsize=(WIDTH, bottom + height + above))
    figure.set_layout_engine("none")
    left = (WIDTH - total * height - EDGE * (len(places) - 1)) / 2
    for group in groups:
        left = _draw_group(figure, group, left, bottom, height)
    add_legend(figure, places, "lower")
    return figure


def _draw_group(
    figure: Figure, group: Sequence[Place], left: float, bottom: float, height: float
) -> float:
    """Draw the panels of one picture; return the left edge of the next one."""
    wide, tall = figure.get_size_inches()
    picture, _, frame = group[0]
    start = left
    for place in group:
        width = place.ratio * height
        axes = figure.add_axes((left / wide, bottom / tall, width / wide, height / tall))
        draw_panel(axes, *place)
        axes.set_title(written(place.panel.title), fontsize=8, pad=3)
        left += width + EDGE
    caption = written(f"{picture.title}\n{picture.captions[frame]}")
    middle = (start + left - EDGE) / 2
    figure.text(middle / wide, 1 - 0.05 / tall, caption, ha="center", va="top", fontsize=8)
    if picture.strip is not None:
        low = bottom - EDGE - TITLE - STRIP + 0.2
        room = left - EDGE - start - 0.35
        box = ((start + 0.35) / wide, low / tall, room / wide, STRIP / tall)
        below = figure.add_axes(box)
        draw_strip(below, picture.strip, frame)
        below.set_title(written(picture.strip.title), fontsize=7, loc="left", pad=2)
        below.tick_params(labelsize=6)
        corner = {"bbox_to_anchor": (1, 1), "borderaxespad": 0.1, "fontsize": 6.5}
        below.legend(loc="lower right", ncols=2, **corner)
    return left
