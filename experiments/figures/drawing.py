"""Draw the shapes, strips and legends of pictures with matplotlib."""

from collections.abc import Sequence
from itertools import chain, pairwise
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PatchCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Patch, Polygon, Rectangle

from data_gen.picture import Key, Panel, Picture, Strip
from data_gen.shapes import MARKS, Colour, Look, Shape
from experiments.figures.style import COLOURS

ROLES = {"ink": "0.15", "soft": "0.4", "rule": "0.78", "paper": "1"}
DASHES = {"": "-", "dashed": "--", "dotted": ":"}
MARKERS = {"circle": "o", "square": "s", "cross": "x", "line": ""}
LEAST_SPAN = 0.04  # of a strip's y axis, so that rounding noise around 0 looks flat
FAINT = 0.7  # opacity of the newest part of a trail


class Place(NamedTuple):
    """A panel of a picture at a frame."""

    picture: Picture
    panel: Panel
    frame: int

    @property
    def ratio(self) -> float:
        """The width over the height."""
        low_x, low_y, high_x, high_y = self.picture.window
        return (high_x - low_x) / (high_y - low_y)


def paint(colour: Colour | None) -> str:
    """Return matplotlib's colour for a role or a colour index."""
    if colour is None:
        return "none"
    return ROLES[colour] if isinstance(colour, str) else COLOURS[colour % len(COLOURS)]


def written(text: str) -> str:
    """Escape a text so that matplotlib reads no part of it as mathematics."""
    return text.replace("$", r"\$")


def draw_panel(axes: Axes, picture: Picture, panel: Panel, frame: int) -> None:
    """Draw the shapes of a panel at a frame, in the window of the picture."""
    low_x, low_y, high_x, high_y = picture.window
    axes.set(xlim=(low_x, high_x), ylim=(low_y, high_y), xticks=[], yticks=[])
    axes.set_aspect("equal")
    axes.spines[:].set_visible(True)
    axes.spines[:].set_color("0.85")
    for order, shape in enumerate(panel.shapes, 2):
        if shape.trail:
            _draw_trail(axes, shape, frame, order)
        _draw_shape(axes, shape, shape.at(frame), order)


def _draw_shape(axes: Axes, shape: Shape, points: np.ndarray, order: float) -> None:
    look, pen = shape.look, _pen(shape.look)
    if not len(points):
        return
    if shape.kind in MARKS:
        _draw_marks(axes, shape, points, order)
    elif shape.kind == "line":
        axes.plot(*points.T, **pen, solid_capstyle="round", zorder=order)
    elif shape.kind == "segments":
        segments = list(points.reshape(-1, 2, 2))
        axes.add_collection(LineCollection(segments, capstyle="round", **pen, zorder=order))
    elif shape.kind == "polygon":
        style = {"fc": paint(look.fill), "ec": pen["color"], "ls": pen["ls"], "lw": look.width}
        axes.add_patch(Polygon(points, alpha=look.opacity, zorder=order, **style))
    else:
        how: dict[str, Any] = {"ha": "center", "va": "center", "color": paint(look.colour)}
        axes.text(
            points[0, 0],
            points[0, 1],
            written(shape.text),
            fontsize=7,
            zorder=order,
            clip_on=True,
            **how,
        )


def _draw_marks(axes: Axes, shape: Shape, points: np.ndarray, order: float) -> None:
    """Draw a mark at every point."""
    look, radius = shape.look, shape.radius
    if shape.kind == "cross":
        arms = radius * np.array([[(-1, -1), (1, 1)], [(-1, 1), (1, -1)]]) * 0.8
        segments = [arm + point for point in points for arm in arms]
        axes.add_collection(LineCollection(segments, **_pen(look), zorder=order))
        return
    side = 2 * radius
    marks: list[Patch] = [
        Circle((x, y), radius)
        if shape.kind == "circle"
        else Rectangle((x - radius, y - radius), side, side)
        for x, y in points.tolist()
    ]
    edge = paint(look.colour) if look.width else "none"
    style = {"fc": _clear(look.fill, look.opacity), "ec": edge, "ls": DASHES[look.dash]}
    axes.add_collection(PatchCollection(marks, lw=look.width, zorder=order, **style))


def _draw_trail(axes: Axes, shape: Shape, frame: int, order: float) -> None:
    """Draw the path of marks in earlier frames, fading away."""
    track = [shape.at(number) for number in range(max(0, frame - shape.trail), frame + 1)]
    steps = [np.stack(pair, axis=1) for pair in pairwise(track) if len(pair[0]) == len(pair[1])]
    colour = shape.look.colour if shape.look.fill is None else shape.look.fill
    opacities = FAINT * np.arange(1, len(steps) + 1) / max(len(steps), 1)
    faint = [
        to_rgba(paint(colour), opacity)
        for opacity, step in zip(opacities, steps, strict=True)
        for _ in step
    ]
    segments = list(chain.from_iterable(steps))
    axes.add_collection(LineCollection(segments, colors=faint, lw=1.3, zorder=order))


def draw_strip(axes: Axes, strip: Strip, frame: int | None = None) -> None:
    """Draw a strip's numbers over frames, up to `frame` or all of them."""
    numbers = np.array([0.0, *chain.from_iterable(trace.values for trace in strip.traces)])
    low, high = numbers.min(), numbers.max()
    room = max(LEAST_SPAN - (high - low), 0.1 * (high - low)) / 2
    axes.set_ylim(low - room, high + room)
    axes.set_xlim(strip.times[0], max(strip.times[-1], strip.times[0] + 1e-9))
    end = len(strip.times) if frame is None else frame + 1
    for trace in strip.traces:
        label = written(trace.name)
        axes.plot(strip.times[:end], trace.values[:end], label=label, **_pen(trace.look))
        if frame is not None:
            dot = {"color": paint(trace.look.colour), "ms": 3}
            axes.plot(strip.times[frame], trace.values[frame], "o", **dot)


def _sample(key: Key) -> Line2D:
    look = key.look
    is_line = key.kind == "line"
    line = Line2D([], [], color=paint(look.colour), ls=DASHES[look.dash] if is_line else "")
    line.set(marker=MARKERS[key.kind], alpha=look.opacity, label=written(key.text))
    line.set(linewidth=look.width, markersize=5, markeredgewidth=look.width)
    line.set_markerfacecolor(paint(look.fill))
    return line


def _pen(look: Look) -> dict[str, Any]:
    style = {"color": paint(look.colour), "lw": look.width, "ls": DASHES[look.dash]}
    return {**style, "alpha": look.opacity}


def _clear(colour: Colour | None, opacity: float) -> tuple[float, ...] | str:
    return "none" if colour is None else to_rgba(paint(colour), opacity)


def add_legend(figure: Figure, places: Sequence[Place], where: str) -> None:
    """Add a legend of lines and marks, above ("upper") or below ("lower") the panels."""
    keys = chain.from_iterable(place.panel.legend for place in places)
    handles = [_sample(key) for key in dict.fromkeys(keys)]
    if handles:
        loc: Any = f"outside {where} center"
        figure.legend(handles=handles, loc=loc, ncols=len(handles))
