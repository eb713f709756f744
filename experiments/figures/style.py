"""The look that all figures share: sizes, colours, markers, how shares and captions are written."""

import textwrap
from typing import Any

COLUMN, PAGE = 3.4, 7.0  # inches: a column and a page of a two-column paper

# Okabe & Ito 2008: told apart with every kind of colour vision; used in this order.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MORE_COLOURS = ("#882255", "#999933")  # wine and olive of Tol 2021, for the eighth and the ninth
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<")
GREYS = ("0.35", "0.55")  # of answers that need no training, in turn
DASHES: tuple[Any, ...] = ((0, (5, 2)), (0, (1, 1.2)), (0, (6, 1.5, 1, 1.5)), (0, (2.5, 1.5)))
CAPTION, CAPTION_LINE = 6.5, 0.125  # points, and inches of a line
LETTERS = 20.0  # of a caption on an inch

LOOK: dict[Any, Any] = {
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "lines.linewidth": 1.3,
    "lines.markersize": 3.5,
    "figure.constrained_layout.use": True,
    "savefig.dpi": 300,
    "pdf.fonttype": 42,
}


def look(number: int) -> dict[str, Any]:
    """Colour, marker and line of the n-th method: those after the ninth are dashed."""
    colours = (*COLOURS, *MORE_COLOURS)
    style = "--" if number >= len(colours) else "-"
    place = number % len(colours)
    return {"color": colours[place], "marker": MARKERS[place], "linestyle": style}


def trivial_look(number: int) -> dict[str, Any]:
    """Line of the n-th answer that needs no training: thin, grey, dashed, without markers."""
    dash, grey = DASHES[number % len(DASHES)], GREYS[number % len(GREYS)]
    return {"color": grey, "linestyle": dash, "linewidth": 1.0, "zorder": 1.5}


def wrapped(text: str, width: float) -> str:
    """A caption in lines that are at most so many inches wide; its own ends of lines stay."""
    letters, text = round(width * LETTERS), text.replace(" %", "\N{NO-BREAK SPACE}%")
    return "\n".join(textwrap.fill(line, letters) for line in text.splitlines())


def percent(share: float) -> str:
    """A share in per cent, rounded as a table rounds it: 0.325 is 33 here if it is 0.33 there."""
    return f"{100 * float(f'{share:.2f}'):.0f}"
