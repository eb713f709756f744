"""Which weights are kept: the best in distribution, by the metric that the learner names."""

import math
from typing import Any, NamedTuple

import numpy as np
from torch import Tensor, nn

from data_gen.packed import Packed
from data_gen.task import Task
from experiments.run.evaluation import score_instances
from experiments.run.steps import answer_by
from experiments.settings.errors import UserError
from gn.model import GraphModel


class Objective(NamedTuple):
    """What is made as good as it can be on the validation set.

    Attributes:
        metric: "loss", or one of the task's.
        sign: 1 where less is better, as of a loss or an error; -1 where more is.
    """

    metric: str
    sign: int

    @classmethod
    def of(cls, task: Task[Any], metric: str) -> "Objective":
        """The objective of a name.

        Raises:
            UserError: no answer changes the metric, or there is none of that name.
        """
        if metric == "loss":
            return cls(metric, 1)
        named = task.metrics.get(metric)
        if named is None or named.perfect is None:
            allowed = ["loss", *(name for name, m in task.metrics.items() if m.perfect is not None)]
            raise UserError(
                f"the metric that selects must be one of {', '.join(allowed)}, got {metric!r}"
            )
        return cls(metric, -1 if named.perfect else 1)


class Selection:
    """The weights that were best at a validation so far.

    Args:
        task: scores the validation set.
        metric: "loss", or the metric of the task that chooses.
        weights: kept until the first validation.
    """

    def __init__(self, task: Task[Any], metric: str, weights: dict[str, Tensor]) -> None:
        self.task, self.objective = task, Objective.of(task, metric)
        self.best, self.weights = math.inf, weights  # `best` is the least of sign * metric

    def validate(self, model: GraphModel, val_set: Packed) -> dict[str, float]:
        """Score in distribution, keep the weights if they are the best so far.

        Returns:
            `val/<metric>` -> mean over the instances that have it.

        Raises:
            UserError: the loss, or what chooses, is not finite.
        """
        model.eval()
        scores = score_instances(
            self.task, answer_by("", model, self.task, 0), val_set, in_training=True
        )
        model.train()
        del scores["steps"]
        scores = {"loss": scores.pop("loss"), **scores}
        defined = {name: values[~np.isnan(values)] for name, values in scores.items()}
        means = {name: float(values.mean()) for name, values in defined.items() if len(values)}
        for name in ("loss", self.objective.metric):
            if not math.isfinite(means.get(name, math.nan)):
                raise UserError(f"validation: {name} is {means.get(name)}, a finite one is needed")
        if self.objective.sign * means[self.objective.metric] < self.best:
            self.best, self.weights = (
                self.objective.sign * means[self.objective.metric],
                copy_of(model),
            )
        return {f"val/{name}": mean for name, mean in means.items()}

    def state_dict(self) -> dict[str, Any]:
        """What a resumed training takes up."""
        return {"best": self.best, "weights": self.weights}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take it up."""
        self.best, self.weights = state["best"], state["weights"]


def copy_of(model: nn.Module) -> dict[str, Tensor]:
    """A copy of the weights as they are now, on the CPU."""
    return {name: value.detach().cpu().clone() for name, value in model.state_dict().items()}


def older(state: dict[str, Any]) -> dict[str, Any]:
    """The state of a selection in a training of before there was one: it was by the loss."""
    return {"best": state["best_loss"], "weights": state["best_weights"]}
