"""The shared style of figures: sizes, colours, markers, and the format of shares and captions."""

import textwrap
from typing import Any

COLUMN, PAGE = 3.4, 7.0  # inches: a column and a page of a two-column paper

# Okabe & Ito 2008: distinguishable with every kind of colour vision; used in this order.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MORE_COLOURS = ("#882255", "#999933")  # wine and olive of Tol 2021, for the eighth and ninth line
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<")
GREYS = ("0.35", "0.55")  # for answers that need no training, in turn
DASHES: tuple[Any, ...] = ((0, (5, 2)), (0, (1, 1.2)), (0, (6, 1.5, 1, 1.5)), (0, (2.5, 1.5)))
CAPTION, CAPTION_LINE = 6.5, 0.125  # font size in points; height of a line in inches
LETTERS = 20.0  # of a caption in an inch

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
    """Return colour, marker and line style of the n-th method; after the ninth, dashed."""
    colours = (*COLOURS, *MORE_COLOURS)
    style = "--" if number >= len(colours) else "-"
    place = number % len(colours)
    return {"color": colours[place], "marker": MARKERS[place], "linestyle": style}


def trivial_look(number: int) -> dict[str, Any]:
    """Return the style of the n-th answer without training: thin, grey, dashed, no markers."""
    dash, grey = DASHES[number % len(DASHES)], GREYS[number % len(GREYS)]
    return {"color": grey, "linestyle": dash, "linewidth": 1.0, "zorder": 1.5}


def wrapped(text: str, width: float) -> str:
    """Wrap a caption to a width in inches; its own line breaks stay."""
    letters, text = round(width * LETTERS), text.replace(" %", "\N{NO-BREAK SPACE}%")
    return "\n".join(textwrap.fill(line, letters) for line in text.splitlines())


def percent(share: float) -> str:
    """Return a share in per cent, rounded to two decimals first, so that it agrees with tables."""
    return f"{100 * float(f'{share:.2f}'):.0f}"
