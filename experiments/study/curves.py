"""Join the learning curves of all runs of a study into one table."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from experiments.run.folder import RunFolder
from experiments.settings.errors import UserError
from experiments.tables.curves import CurvePoint
from experiments.tables.rows import read_table

DAMAGES = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)


def curves_of(runs: Iterable[Path]) -> list[CurvePoint]:
    """Return the points of all runs, in order; a run without training has none.

    Raises:
        UserError: a curve cannot be read.
    """
    return [point for run in runs for point in _curve_of(RunFolder(run))]


def _curve_of(folder: RunFolder) -> Iterator[CurvePoint]:
    """Yield the points of one run; raise UserError if its curve cannot be read."""
    if not folder.metrics_path.is_file():
        return
    row = read_table(folder.table_path())[0]
    keys = {name: getattr(row, name) for name in ("study", "task", "model", "seed", "config_hash")}
    try:
        text = folder.read(folder.metrics_path).decode()
    except ValueError as error:
        raise UserError(f"{folder.metrics_path}: not a learning curve ({error})") from error
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            values = json.loads(line)
            step = int(values["step"])
            found = {n: float(v) for n, v in values.items() if n.startswith(("train/", "val/"))}
        except DAMAGES as error:
            place = f"{folder.metrics_path}, line {number}"
            raise UserError(f"{place}: not a point of a learning curve ({error!r})") from error
        for metric, value in found.items():
            yield CurvePoint(**keys, step=step, metric=metric, value=value)
