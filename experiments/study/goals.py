"""Collect the goals of the metrics in a study from the tasks of its runs."""

import logging
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from data_gen.patterns import visible
from data_gen.task import Task
from experiments.run.folder import RunFolder
from experiments.settings.construct import construct
from experiments.settings.errors import UserError
from experiments.tables.goals import MetricGoal
from experiments.tables.rows import read_table

LOG = logging.getLogger(__name__)


def tasks_of(runs: Iterable[Path]) -> dict[str, Task[Any]]:
    """Return the tasks of the runs by label; tasks that no longer exist are left out."""
    found: dict[str, Task[Any]] = {}
    for run in runs:
        config = RunFolder(run).load_config()
        try:
            found.setdefault(str(config.get("task_label")), construct(config.task, "task", Task))
        except UserError as error:
            LOG.warning("%s: the goals of its metrics are unknown (%s)", run, error)
    return found


def goals_of(runs: Iterable[Path]) -> list[MetricGoal]:
    """Return the distinct metrics of all runs, sorted; tasks that no longer exist are left out."""
    runs = list(runs)
    tasks = tasks_of(runs)
    goals: dict[MetricGoal, None] = {}
    for run in runs:
        pairs = {(r.task, r.metric) for t in visible(run, "transfer*.csv") for r in read_table(t)}
        for label, metric in sorted(pairs):
            declared = tasks[label].metrics.get(metric) if label in tasks else None
            if declared is None:  # a metric of an older version of the task
                LOG.warning("%s: task %s has no metric %r", run, label, metric)
                continue
            perfect = math.nan if declared.perfect is None else float(declared.perfect)
            goals[MetricGoal(label, metric, perfect, int(bool(declared.is_share)))] = None
    return sorted(goals, key=lambda goal: (goal.task, goal.metric))
