"""Learning curves of all runs of a study as one table."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from experiments.run.folder import RunFolder
from experiments.settings.errors import UserError
from experiments.tables.curves import CurvePoint
from experiments.tables.rows import read_table


def curves_of(runs: Iterable[Path]) -> list[CurvePoint]:
    """The points of all runs that are done, in order; of a run without training there are none."""
    return [point for run in runs for point in _curve_of(RunFolder(run))]


def _curve_of(folder: RunFolder) -> Iterator[CurvePoint]:
    """The points of one run; raises UserError if its curve cannot be read."""
    if not folder.metrics_path.is_file():
        return
    row = read_table(folder.table_path())[0]
    who = {name: getattr(row, name) for name in ("study", "task", "model", "seed", "config_hash")}
    for number, line in enumerate(folder.metrics_path.read_text().splitlines(), start=1):
        try:
            values = json.loads(line)
            step = int(values["step"])
            found = {n: float(v) for n, v in values.items() if n.startswith(("train/", "val/"))}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            place = f"{folder.metrics_path}, line {number}"
            raise UserError(f"{place}: not a point of a learning curve ({error!r})") from error
        for metric, value in found.items():
            yield CurvePoint(**who, step=step, metric=metric, value=value)
