"""The table of metrics: the score of the right answer in each, as the task declares it."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from experiments.settings.errors import not_one_of


@dataclass(frozen=True)
class MetricGoal:
    """A metric of a task and the score of the right answer in it."""

    task: str  # label of the task
    metric: str
    perfect: float  # 1; 0: an error, lower is better; nan: it does not depend on the answer
    is_share: int = 0  # 1: it lies between 0 and 1, and so does its interval


def perfect_of(goals: Iterable[MetricGoal], task: str, metric: str) -> float:
    """Return the score of the right answer, 1 or 0.

    Raises:
        UserError: the metric is unknown, or does not depend on the answer.
    """
    of_task = {goal.metric: goal.perfect for goal in goals if goal.task == task}
    if math.isnan(of_task.get(metric, math.nan)):
        allowed = [name for name, perfect in of_task.items() if not math.isnan(perfect)]
        raise not_one_of(f"metric of {task}", metric, allowed)
    return of_task[metric]
