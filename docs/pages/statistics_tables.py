"""The tables of docs/statistics.md, made from the results of the benchmarks."""

import csv
from collections.abc import Iterator

from docs.pages.tables import ROOT

FAMILIES = {  # prefix of the situation's name -> description
    "share": "shares from 0.01 to 0.99; 1 to 10 runs; 200 and 1,000 instances; runs alike or not",
    "error": "log-normal errors, σ from 0.5 to 1.7; 3, 5 and 10 runs; 1,000 and 2,000 instances",
    "ratio": "their ratio to the errors of a trivial answer",
    "20 cells": "interquartile mean of 20 cells; runs good in many cells at once, or not",
    "difference": "two methods on the same instances",
    "two kinds": "two kinds of runs, 0.05 and 0.9, the rare kind 3 times in 10",
}


def coverage() -> Iterator[str]:
    """Yield each family of situations: their number and the coverage of their intervals."""
    with (ROOT / "docs" / "coverage.csv").open() as file:
        lines = list(csv.DictReader(file))
    for start, what in FAMILIES.items():
        mine = [line for line in lines if line["situation"].startswith(start)]
        held = sorted(float(line["holds"]) for line in mine if line["holds"])
        printed = sum(float(line["printed"]) for line in mine) / len(mine)
        middle = held[len(held) // 2]
        span = f"{held[0]:.2f}–{held[-1]:.2f}"
        yield f"| {what} | {len(mine)} | {printed:.2f} | {middle:.2f} | {span} |"


def fresh() -> Iterator[str]:
    """Yield the results of ten samples of each headline cell."""
    with (ROOT / "docs" / "fresh_samples.csv").open() as file:
        for line in csv.DictReader(file):
            cell = f"`{line['method']}` | `{line['distribution']}` {line['size']}"
            first = f"[{line['low']}, {line['high']}]"
            spread = f"{line['least']} to {line['largest']}"
            yield f"| {cell} | {line['mean']} | {spread} | {first} | {line['holds']} |"
