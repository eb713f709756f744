"""The look that all figures share: sizes, colours, markers, and how a share is written."""

from typing import Any

COLUMN, PAGE = 3.4, 7.0  # inches: a column and a page of a two-column paper

# Okabe & Ito 2008: told apart with every kind of colour vision; used in this order.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")

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
    """Colour, marker and line of the n-th method: those after the eighth are dashed."""
    colours, markers = (*COLOURS, "0.55"), (*MARKERS, "*")
    style = "--" if number >= len(colours) else "-"
    place = number % len(colours)
    return {"color": colours[place], "marker": markers[place], "linestyle": style}


def percent(share: float) -> str:
    """A share in per cent, rounded as a table rounds it: 0.325 is 33 here if it is 0.33 there."""
    return f"{100 * float(f'{share:.2f}'):.0f}"
