"""The table of scores as a pandas frame, to filter and group lines by their columns."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from experiments.settings.errors import not_one_of
from experiments.tables.rows import Row, method

TEXTS = ("task", "model", "distribution", "steps_rule", "shift", "metric")
NUMBERS = ("size", "seed", "x")


def frame_of(rows: Sequence[Row]) -> pd.DataFrame:
    """Return a frame with one line per row: its keys, its `method`, and the `row` itself."""
    columns: dict[str, Any] = {name: [getattr(row, name) for row in rows] for name in TEXTS}
    columns["method"] = [method(row) for row in rows]
    frame = pd.DataFrame({name: pd.Categorical(values) for name, values in columns.items()})
    frame["size"] = np.array([row.size for row in rows], dtype=int)
    frame["seed"] = np.array([row.seed for row in rows], dtype=int)
    frame["row"] = pd.Series(list(rows), dtype=object)
    return frame


def chosen(frame: pd.DataFrame, **wanted: object) -> pd.DataFrame:
    """Return the lines whose columns have the wanted value, or one of several wanted values.

    Raises:
        UserError: there is no such column.
    """
    kept = np.ones(len(frame), dtype=bool)
    for name, value in wanted.items():
        if name not in frame or name == "row":
            raise not_one_of("where: the column", name, (c for c in frame if c != "row"))
        values: list[Any] = [*value] if isinstance(value, list | tuple | set) else [value]
        if name not in NUMBERS:
            values = [str(text) for text in values]
        kept &= frame[name].isin(values).to_numpy()
    return pd.DataFrame(frame[kept])


def grouped(frame: pd.DataFrame, column: str) -> dict[Any, list[Row]]:
    """Group the rows by the value of a column, values in order."""
    return {
        value: list(rows) for value, rows in frame.groupby(column, observed=True, sort=True)["row"]
    }
