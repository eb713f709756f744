"""The base class of training methods: the loss of an update, and the selection metric."""

from abc import ABC, abstractmethod
from typing import Any, NamedTuple

import numpy as np
from torch_geometric.data import Batch

from data_gen.task import LossPart, Task
from experiments.settings.training import Training
from gn.model import GraphModel


class Update(NamedTuple):
    """The position of an update in a training; it determines all random draws of the update."""

    seed: int  # of the run
    step: int  # 0 for the first update
    rank: int = 0  # number of the process, if several share a batch

    def rng(self, purpose: int) -> np.random.Generator:
        """Return the random generator of this process for a purpose, which is a unique number."""
        rank = [self.rank] if self.rank else []
        return np.random.default_rng([self.seed, self.step, purpose, *rank])


class Learner(ABC):
    """A training method. `conf/learning/<name>.yaml` selects a subclass.

    Args:
        task: the problem.
        training: the settings of the training.
    """

    def __init__(self, task: Task[Any], training: Training) -> None:
        self.task, self.training = task, training

    @abstractmethod
    def parts(self, model: GraphModel, batch: Batch, update: Update) -> list[list[LossPart]]:
        """Return the loss of an update: the mean over lists of the sum of the means in each.

        Args:
            model: the model, which may be called on any batch and as often as needed.
            batch: training instances, as `Task.batch` returns them.
            update: the update, which determines all random draws.
        """

    @property
    def selected_by(self) -> str:
        """The validation metric that selects the checkpoint: "loss", or a metric of the task."""
        return self.task.selected_by

    def state_dict(self) -> dict[str, Any]:
        """Return the state that a resumed training needs besides weights and optimizer."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:  # noqa: B027  (most have nothing)
        """Restore the state that `state_dict` returned."""
