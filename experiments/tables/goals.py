"""What is good in a metric, as its task says it: a table beside that of the scores."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from experiments.settings.errors import UserError


@dataclass(frozen=True)
class MetricGoal:
    """A metric of a task and what the right answer scores in it."""

    task: str  # its label
    metric: str
    perfect: float  # 1; 0: an error, lower is better; nan: no answer changes it
    is_share: int = 0  # 1: between 0 and 1, and so is its interval


def perfect_of(goals: Iterable[MetricGoal], task: str, metric: str) -> float:
    """What the right answer scores: 1 or 0; raises UserError for what is no score."""
    of_task = {goal.metric: goal.perfect for goal in goals if goal.task == task}
    if math.isnan(of_task.get(metric, math.nan)):
        allowed = ", ".join(name for name, perfect in of_task.items() if not math.isnan(perfect))
        raise UserError(f"metric: {metric!r} is not allowed for {task}, these are: {allowed}")
    return of_task[metric]
