"""What is good in a metric, as the task says it: a table beside that of the scores."""

import logging
import math
from collections.abc import Iterable
from pathlib import Path

from data_gen.task import Task
from experiments.run.folder import RunFolder
from experiments.settings.construct import construct
from experiments.settings.errors import UserError
from experiments.tables.goals import MetricGoal
from experiments.tables.rows import read_table

LOG = logging.getLogger(__name__)


def goals_of(runs: Iterable[Path]) -> list[MetricGoal]:
    """The metrics of all runs, each once, in order; runs of a task that is no more are left out."""
    goals: dict[MetricGoal, None] = {}
    for run in runs:
        try:
            task: Task[object] = construct(RunFolder(run).load_config().task, "task", Task)
        except UserError as error:
            LOG.warning("%s tells nothing of its metrics (%s)", run, error)
            continue
        pairs = {(r.task, r.metric) for t in run.glob("transfer*.csv") for r in read_table(t)}
        for label, metric in sorted(pairs):
            if metric not in task.metrics:  # of an older version of the task
                LOG.warning("%s: %s has no metric %r", run, type(task).__name__, metric)
                continue
            declared = task.metrics[metric]
            perfect = math.nan if declared.perfect is None else float(declared.perfect)
            goals[MetricGoal(label, metric, perfect, int(bool(declared.is_share)))] = None
    return sorted(goals, key=lambda goal: (goal.task, goal.metric))
