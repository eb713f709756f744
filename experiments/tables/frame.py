"""The table of scores as a pandas frame: lines are chosen and grouped by their columns."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from experiments.settings.errors import UserError
from experiments.tables.rows import Row, method

TEXTS = ("task", "model", "distribution", "steps_rule", "shift", "metric")
NUMBERS = ("size", "seed", "x")


def frame_of(rows: Sequence[Row]) -> pd.DataFrame:
    """One line per row: what it is about, its `method` (`model@rule`), and the `row` itself."""
    columns: dict[str, Any] = {name: [getattr(row, name) for row in rows] for name in TEXTS}
    columns["method"] = [method(row) for row in rows]
    frame = pd.DataFrame({name: pd.Categorical(values) for name, values in columns.items()})
    frame["size"] = np.array([row.size for row in rows], dtype=int)
    frame["seed"] = np.array([row.seed for row in rows], dtype=int)
    frame["row"] = pd.Series(list(rows), dtype=object)
    return frame


def chosen(frame: pd.DataFrame, **wanted: object) -> pd.DataFrame:
    """The lines whose columns have the wanted value, or one of several wanted values.

    Raises:
        UserError: there is no such column.
    """
    kept = np.ones(len(frame), dtype=bool)
    for name, value in wanted.items():
        if name not in frame or name == "row":
            allowed = ", ".join(column for column in frame if column != "row")
            raise UserError(f"where: the column must be one of {allowed}, got {name!r}")
        values: list[Any] = [*value] if isinstance(value, list | tuple | set) else [value]
        if name not in NUMBERS:
            values = [str(text) for text in values]
        kept &= frame[name].isin(values).to_numpy()
    return pd.DataFrame(frame[kept])


def grouped(frame: pd.DataFrame, column: str) -> dict[Any, list[Row]]:
    """The rows of each value of a column, values in order."""
    return {
        value: list(rows) for value, rows in frame.groupby(column, observed=True, sort=True)["row"]
    }
