"""How a model is trained: what the loss of an update is, and what chooses the checkpoint."""

from abc import ABC, abstractmethod
from typing import Any, NamedTuple

import numpy as np
from torch_geometric.data import Batch

from data_gen.task import LossPart, Task
from experiments.settings.training import Training
from gn.model import GraphModel


class Update(NamedTuple):
    """The place of an update in a training: all that is drawn in it is a function of these."""

    seed: int  # of the run
    step: int  # 0 for the first update
    rank: int = 0  # number of the process, of several that share a batch

    def rng(self, purpose: int) -> np.random.Generator:
        """A generator of this process's own; each purpose has another number."""
        rank = [self.rank] if self.rank else []
        return np.random.default_rng([self.seed, self.step, purpose, *rank])


class Learner(ABC):
    """A way to train. A subclass is chosen by `conf/learning/<name>.yaml`.

    Args:
        task: the problem.
        training: the settings of the training.
    """

    def __init__(self, task: Task[Any], training: Training) -> None:
        self.task, self.training = task, training

    @abstractmethod
    def parts(self, model: GraphModel, batch: Batch, update: Update) -> list[list[LossPart]]:
        """The loss of an update: the mean over lists of the sum over the means in each.

        Args:
            model: may be asked about any batch, as often as needed; its answers have a gradient.
            batch: training instances, as `Task.batch` gives them.
            update: what is drawn depends on it alone.
        """

    @property
    def selected_by(self) -> str:
        """The validation metric that chooses the checkpoint: "loss", or one of the task's."""
        return self.task.selected_by

    def state_dict(self) -> dict[str, Any]:
        """What a resumed training needs besides weights and optimizer: nothing, for most."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:  # noqa: B027  (most have nothing)
        """Take up what `state_dict` gave."""
