"""What is good in a metric, as the task says it: a table beside that of the scores."""

import logging
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from data_gen.task import Task
from experiments.run.folder import RunFolder
from experiments.settings.construct import construct
from experiments.settings.errors import UserError
from experiments.tables.goals import MetricGoal
from experiments.tables.rows import read_table

LOG = logging.getLogger(__name__)


def tasks_of(runs: Iterable[Path]) -> dict[str, Task[Any]]:
    """The tasks of the runs by label, but for those that are no more."""
    found: dict[str, Task[Any]] = {}
    for run in runs:
        config = RunFolder(run).load_config()
        try:
            found.setdefault(str(config.get("task_label")), construct(config.task, "task", Task))
        except UserError as error:
            LOG.warning("%s tells nothing of its metrics (%s)", run, error)
    return found


def goals_of(runs: Iterable[Path]) -> list[MetricGoal]:
    """The metrics of all runs, each once, in order; runs of a task that is no more are left out."""
    runs = list(runs)
    tasks = tasks_of(runs)
    goals: dict[MetricGoal, None] = {}
    for run in runs:
        pairs = {(r.task, r.metric) for t in run.glob("transfer*.csv") for r in read_table(t)}
        for label, metric in sorted(pairs):
            declared = tasks[label].metrics.get(metric) if label in tasks else None
            if declared is None:  # of an older version of the task
                LOG.warning("%s: the task %s has no metric %r", run, label, metric)
                continue
            perfect = math.nan if declared.perfect is None else float(declared.perfect)
            goals[MetricGoal(label, metric, perfect, int(bool(declared.is_share)))] = None
    return sorted(goals, key=lambda goal: (goal.task, goal.metric))
