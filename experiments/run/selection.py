"""Select the checkpoint: the weights that are best in distribution, by the learner's metric."""

import math
from typing import Any, NamedTuple

import numpy as np
from torch import Tensor, nn

from data_gen.packed import Packed
from data_gen.task import Task
from experiments.run.evaluation import score_instances
from experiments.run.steps import answer_by
from experiments.settings.errors import UserError, not_one_of
from gn.model import GraphModel


class Objective(NamedTuple):
    """The metric that is optimized on the validation set.

    Attributes:
        metric: "loss", or a metric of the task.
        sign: 1 if lower is better, as for a loss or an error; -1 if higher is better.
    """

    metric: str
    sign: int

    @classmethod
    def of(cls, task: Task[Any], metric: str) -> "Objective":
        """Return the objective with the name of a metric.

        Raises:
            UserError: there is no such metric, or it does not depend on the answer.
        """
        if metric == "loss":
            return cls(metric, 1)
        named = task.metrics.get(metric)
        if named is None or named.perfect is None:
            allowed = ["loss", *(name for name, m in task.metrics.items() if m.perfect is not None)]
            raise not_one_of("selected_by", metric, allowed)
        return cls(metric, -1 if named.perfect else 1)


class Selection:
    """The best weights of all validations so far.

    Args:
        task: the task, which scores the validation set.
        metric: "loss", or the metric of the task that selects the weights.
        weights: the weights to keep until the first validation.
    """

    def __init__(self, task: Task[Any], metric: str, weights: dict[str, Tensor]) -> None:
        self.task, self.objective = task, Objective.of(task, metric)
        self.best, self.weights = math.inf, weights  # `best` is the least of sign * metric

    def validate(self, model: GraphModel, val_set: Packed) -> dict[str, float]:
        """Score the validation set; keep the weights if they are the best so far.

        Returns:
            `val/<metric>` -> mean over the instances that have the metric.

        Raises:
            UserError: the loss or the selecting metric is not finite.
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
                raise UserError(f"val/{name} must be finite, got {means.get(name)}")
        if self.objective.sign * means[self.objective.metric] < self.best:
            self.best, self.weights = (
                self.objective.sign * means[self.objective.metric],
                copy_of(model),
            )
        return {f"val/{name}": mean for name, mean in means.items()}

    def state_dict(self) -> dict[str, Any]:
        """Return the state that a resumed training needs."""
        return {"best": self.best, "weights": self.weights}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the state that `state_dict` returned."""
        self.best, self.weights = state["best"], state["weights"]


def copy_of(model: nn.Module) -> dict[str, Tensor]:
    """Return a copy of the current weights, on the CPU."""
    return {name: value.detach().cpu().clone() for name, value in model.state_dict().items()}


def older(state: dict[str, Any]) -> dict[str, Any]:
    """Return the selection state from an old checkpoint, which was selected by the loss."""
    return {"best": state["best_loss"], "weights": state["best_weights"]}
