"""The other tables of a study for the page, and its learning curves as means over seeds."""

import csv
import math
from pathlib import Path
from typing import Any

from data_gen.patterns import visible
from experiments.report_page.packing import coded, number, numbers
from experiments.settings.errors import UserError
from experiments.tables.text import csv_file

DRAWN = ("transfer.csv", "curves.csv")  # shown elsewhere on the page
CURVE = ("task", "model", "metric")


def plain_tables(folder: Path) -> list[dict[str, Any]]:
    """Return the name, columns and lines of each table; empty columns are left out.

    Raises:
        UserError: a table cannot be read, or its lines differ in length.
    """
    return [_plain_table(p) for p in visible(folder, "*.csv") if p.name not in DRAWN]


def curve_data(folder: Path) -> dict[str, Any] | None:
    """Return the mean, least and greatest value over seeds at every step, as columns.

    Returns:
        The columns, or None if there are no curves.

    Raises:
        UserError: the table of curves is damaged.
    """
    path = folder / "curves.csv"
    if not path.is_file():
        return None
    names, *lines = _lines(path)
    if not lines:
        return None
    points: dict[tuple[str, ...], list[float]] = {}
    try:
        places = [names.index(name) for name in (*CURVE, "step", "value")]
        for line in lines:
            *key, value = (line[place] for place in places)
            points.setdefault(tuple(key), []).append(float(value))
        steps = [int(key[-1]) for key in points]
    except ValueError as error:
        raise UserError(f"{path}: not a table of learning curves ({error})") from error
    columns: dict[str, Any] = {"step": steps}
    columns |= {name: coded([key[k] for key in points]) for k, name in enumerate(CURVE)}
    columns["mean"] = numbers(math.fsum(of) / len(of) for of in points.values())
    columns["low"] = numbers(min(of) for of in points.values())
    columns["high"] = numbers(max(of) for of in points.values())
    return columns


def _plain_table(path: Path) -> dict[str, Any]:
    names, *lines = _lines(path)
    columns = dict(zip(names, map(_column, zip(*lines, strict=True)), strict=False))
    kept = {name: column for name, column in columns.items() if any(v is not None for v in column)}
    lines = [list(line) for line in zip(*kept.values(), strict=True)]
    return {"name": path.name, "columns": list(kept), "lines": lines}


def _column(texts: tuple[str, ...]) -> list[Any]:
    """Convert texts to numbers if all are numbers; an empty text becomes None."""
    try:
        return [number(float(text or "nan")) for text in texts]
    except ValueError:
        return [text or None for text in texts]


def _lines(path: Path) -> list[list[str]]:
    """Read the lines of a csv file; raise UserError unless all have the same length."""
    try:
        lines = list(csv.reader(csv_file(path)))
    except (ValueError, csv.Error) as error:
        raise UserError(f"{path}: cannot be read ({error})") from error
    if not lines or any(len(line) != len(lines[0]) for line in lines):
        raise UserError(f"{path}: not a table, because its lines differ in length")
    return lines
