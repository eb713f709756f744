"""What is good in a metric, as the task says it: a table beside that of the scores."""

import logging
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from data_gen.task import Task
from experiments.construct import construct
from experiments.errors import UserError
from experiments.run_folder import RunFolder
from experiments.table import read_table

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class MetricGoal:
    """A metric of a task and what the right answer scores in it."""

    task: str  # its label
    metric: str
    perfect: float  # 1; 0: an error, lower is better; nan: no answer changes it


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
            perfect = task.perfect(metric)
            goals[MetricGoal(label, metric, math.nan if perfect is None else perfect)] = None
    return sorted(goals, key=lambda goal: (goal.task, goal.metric))


def perfect_of(goals: Iterable[MetricGoal], task: str, metric: str) -> float:
    """What the right answer scores: 1 or 0; raises UserError for what is no score."""
    of_task = {goal.metric: goal.perfect for goal in goals if goal.task == task}
    if math.isnan(of_task.get(metric, math.nan)):
        allowed = ", ".join(name for name, perfect in of_task.items() if not math.isnan(perfect))
        raise UserError(f"metric: {metric!r} is not allowed for {task}, these are: {allowed}")
    return of_task[metric]
