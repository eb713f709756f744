"""The table of cell summaries: its last columns are facts that the tasks report."""

import csv
import dataclasses
import io
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from data_gen.files import write_atomically
from data_gen.summary import CellSummary
from experiments.settings.errors import UserError
from experiments.tables.text import csv_records, safe

COLUMNS = [field for field in dataclasses.fields(CellSummary) if field.name != "facts"]


def write_cells(cells: Iterable[CellSummary], path: Path) -> None:
    """Write a line for every cell; nan marks a fact that the cell's task does not report."""
    cells = list(cells)
    facts = list(dict.fromkeys(name for cell in cells for name in cell.facts))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*(column.name for column in COLUMNS), *facts])
    for cell in cells:
        fixed = [getattr(cell, column.name) for column in COLUMNS]
        values = [*fixed, *(float(cell.facts.get(name, math.nan)) for name in facts)]
        writer.writerow([f"{v:.6g}" if isinstance(v, float) else v for v in values])
    write_atomically(path, lambda temporary: temporary.write_text(text.getvalue()))


def read_cells(path: Path) -> list[CellSummary]:
    """Read a table of cell summaries.

    Raises:
        UserError: the file is missing or is not such a table.
    """
    try:
        return [_cell(record) for record in csv_records(path)]
    except FileNotFoundError as error:
        raise UserError(f"{path}: there is no such table") from error
    except (KeyError, ValueError, TypeError, csv.Error) as error:
        raise UserError(f"{path}: not a table of cells ({error!r})") from error


def _cell(record: dict[str, str]) -> CellSummary:
    types: dict[str, Any] = {c.name: safe if c.type is str else c.type for c in COLUMNS}
    fixed = {name: kind(record.pop(name)) for name, kind in types.items()}
    facts = {name: float(value) for name, value in record.items()}
    return CellSummary(**fixed, facts={n: v for n, v in facts.items() if not math.isnan(v)})
