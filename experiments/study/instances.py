"""Read the scores of every instance in all runs of one method."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.run.folder import RunFolder
from experiments.run.found import done_runs
from experiments.settings.errors import UserError, not_one_of
from experiments.statistics.matrix import Cell
from experiments.tables.rows import Row, method, read_table


@dataclass(frozen=True)
class InstanceScores:
    """The instance scores of one metric in the runs of one configuration."""

    task: str  # label of the task
    name: str  # of the method: model@step rule
    cells: dict[Cell, np.ndarray]  # [runs, instances], instances in order
    data_hashes: dict[Cell, str]  # identify the instances


@dataclass(frozen=True)
class Wanted:
    """The scores to read."""

    evaluation: str = ""  # "": the one after training
    metric: str | None = None  # None: the first of the table
    steps_rule: str | None = None  # None: the only one


def load_scores(pattern: str, key: str, wanted: Wanted) -> InstanceScores:
    """Read tables and scores of the run folders that a pattern matches.

    Args:
        pattern: a pattern of run folders that differ only in their seed.
        key: the key of the configuration, for error messages.
        wanted: the scores to read.

    Raises:
        UserError: no complete run matches; the runs differ in more than their seed, or in their
            instances; there is no such metric or step rule; or a file is damaged.
    """
    folders = done_runs(pattern, key)
    rows = [row for f in folders for row in read_table(f.table_path(wanted.evaluation))]
    if not rows:
        raise UserError(f"{key} must match runs with rows in their tables, got {pattern!r}")
    metric = wanted.metric or rows[0].metric
    if len({row.config_hash for row in rows}) > 1:
        raise UserError(f"{key} must match runs of one configuration, got {pattern!r}")
    mine = [row for row in rows if row.metric == metric]
    if not mine:
        raise not_one_of("metric", metric, dict.fromkeys(row.metric for row in rows))
    rule = _rule(mine, wanted.steps_rule, key)
    mine = [row for row in mine if row.steps_rule == rule]
    frames = [_frame(f, wanted.evaluation, metric, rule) for f in folders]
    hashes: dict[Cell, set[str]] = {}
    for row in mine:
        hashes.setdefault((row.distribution, row.size), set()).add(row.data_hash)
    scores = {cell: [_of_cell(frame, cell) for frame in frames] for cell in hashes}
    for cell, of_runs in scores.items():
        if len(hashes[cell]) > 1 or len({len(of_run) for of_run in of_runs}) > 1:
            raise UserError(
                f"{key} must match runs that were scored on the same instances of {cell[0]} of"
                f" size {cell[1]}, got {pattern!r}"
            )
    stacked = {cell: np.stack(of_runs) for cell, of_runs in scores.items()}
    names = mine[0].task, method(mine[0])
    return InstanceScores(*names, stacked, {c: h for c, (h,) in hashes.items()})


def _rule(rows: Sequence[Row], wanted: str | None, key: str) -> str:
    """Return the wanted step rule, or the only one; "" for a method that takes no steps."""
    there = list(dict.fromkeys(row.steps_rule for row in rows))
    if there == [""] or (wanted is None and len(there) == 1):
        return there[0]
    if wanted not in there:
        raise not_one_of(f"steps_rule (for {key})", wanted, there)
    return str(wanted)


def _frame(folder: RunFolder, evaluation: str, metric: str, rule: str) -> pd.DataFrame:
    """Read score (`score`) and place of every instance; raise UserError if that fails."""
    columns = ["distribution", "size", "steps_rule", "index", metric]
    frame = folder.load_instances(evaluation, columns)
    return pd.DataFrame(frame[frame["steps_rule"] == rule]).rename(columns={metric: "score"})


def _of_cell(frame: pd.DataFrame, cell: Cell) -> np.ndarray:
    """Return the scores of a cell's instances 0, 1, ...; raise UserError if one is missing."""
    is_mine = (frame["distribution"] == cell[0]) & (frame["size"] == cell[1])
    mine = pd.DataFrame(frame[is_mine]).sort_values("index")
    if len(mine) == 0 or mine["index"].tolist() != list(range(len(mine))):
        place = f"{cell[0]} of size {cell[1]}"
        raise UserError(f"instances: the numbers of instances of {place} are not 0, 1, 2, ...")
    return mine["score"].to_numpy()
