"""Estimate the score of every method on every cell, from the scores of all instances and runs."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from data_gen.patterns import visible
from data_gen.task import Task
from experiments.run.folder import RunFolder
from experiments.settings.errors import UserError, message
from experiments.statistics.metric_scores import estimates
from experiments.study.goals import tasks_of
from experiments.tables.estimates import MethodEstimate
from experiments.tables.rows import Row, read_table

LOG = logging.getLogger(__name__)
Place = tuple[str, str, int]  # step rule, distribution, size
NAMES = ("steps_rule", "distribution", "size")


class ScoresOfRun:
    """The scores of every instance of a run, in all of its evaluations."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def _evaluations(self) -> dict[tuple[Place, str], str]:
        """The name of the evaluation that scored the instances of a place and data hash."""
        found = {}
        for table in visible(self.path, "transfer*.csv"):
            name = table.stem.removeprefix("transfer").removeprefix("-")
            for row in read_table(table):
                found[(row.steps_rule, row.distribution, row.size), row.data_hash] = name
        return found

    @cached_property
    def _frames(self) -> dict[str, dict[Any, pd.DataFrame]]:
        """The scores of each evaluation, by place; evaluations that cannot be read are left out."""
        frames = {}
        for name in set(self._evaluations.values()):
            try:
                frame = RunFolder(self.path).load_instances(name)
                frames[name] = dict(iter(frame.groupby(list(NAMES), sort=False)))
            except (UserError, LookupError) as error:
                LOG.warning("%s; there are no intervals", message(error))
        return frames

    def at(self, place: Place, data_hash: str) -> pd.DataFrame | None:
        """Return the scores at a place, with instances in order, or None if there are none."""
        name = self._evaluations.get((place, data_hash))
        frame = self._frames.get(name, {}).get(place) if name is not None else None
        return None if frame is None else frame.sort_values("index")


def estimates_of(rows: Sequence[Row], runs: Sequence[Path]) -> list[MethodEstimate]:
    """Return an estimate for every metric, method and cell, in the order of the rows.

    There is no estimate if scores of an instance are missing in one of the runs, or if the runs
    were scored on different instances.

    Args:
        rows: the table of the study.
        runs: the run folders that the table is made of.
    """
    scores = {run.name: ScoresOfRun(run) for run in runs}
    tasks = tasks_of(runs)
    folders: dict[tuple[str, int], ScoresOfRun] = {}
    for run in runs:
        row = read_table(run / "transfer.csv")[0]
        folders[row.config_hash, row.seed] = scores[run.name]
    by_place: dict[tuple[str, str, Place], list[Row]] = {}
    for row in rows:
        place = row.steps_rule, row.distribution, row.size
        by_place.setdefault((row.task, row.model, place), []).append(row)
    return [
        found
        for (task, _, place), mine in by_place.items()
        if task in tasks
        for found in _at(mine, place, folders, tasks[task])
    ]


def _at(
    rows: Sequence[Row],
    place: Place,
    folders: Mapping[tuple[str, int], ScoresOfRun],
    task: Task[Any],
) -> Iterator[MethodEstimate]:
    """Yield the estimates of one method on one cell."""
    runs = {(row.config_hash, row.seed): row.data_hash for row in rows}
    frames = [folders[run].at(place, of) if run in folders else None for run, of in runs.items()]
    if len(set(runs.values())) > 1 or any(frame is None for frame in frames):
        return
    whole = [frame for frame in frames if frame is not None]
    if len({len(frame) for frame in whole}) > 1:
        return
    groups = whole[0]["group"].to_numpy() if "group" in whole[0] else np.arange(len(whole[0]))
    scores = [{str(name): f[name].to_numpy() for name in f if name in task.metrics} for f in whole]
    for metric, found in estimates(task, scores, groups):
        yield MethodEstimate(
            rows[0].task, rows[0].model, *place, metric, *found.estimate, len(whole),
            found.num_groups, found.spread.of_runs, found.spread.of_instances,
        )  # fmt: skip
