"""The loss of an update, of which each process has its share."""

from typing import Any

import torch
from omegaconf import DictConfig
from torch import Tensor, nn
from torch_geometric.data import Batch

from data_gen.spec import GraphOutput
from data_gen.task import LossPart, Task
from experiments.processes.world import World
from experiments.run.schedule import num_message_passing_steps
from gn.model import GraphModel


class UpdateLoss:
    """The task's loss, of the last answer or the mean over those of the last steps.

    Each process has a part of the batch, and of every mean in the loss the share that its part is
    of: summed over processes it is the loss of the whole batch.
    """

    def __init__(
        self, config: DictConfig, task: Task[Any], model: GraphModel, world: World
    ) -> None:
        self.config, self.world = config, world
        self.parts = world.wrapped(_Parts(config, task, model), model.device)

    def __call__(self, batch: Batch, step: int) -> Tensor:
        """The share of this process in the loss of an update."""
        parts = self.parts(batch, num_message_passing_steps(self.config, step))
        shares = self.world.shares([part.num_terms for part in parts[0]])
        return torch.stack([_weighted(shares, of) for of in parts]).mean()

    def backward(self, loss: Tensor) -> None:
        """The gradient of the sum over processes; what averages theirs divides by their number."""
        (self.world.size * loss).backward()


class _Parts(nn.Module):
    """The parts of the loss after each of the last steps: what a process computes by itself."""

    def __init__(self, config: DictConfig, task: Task[Any], model: GraphModel) -> None:
        super().__init__()
        self.task, self.model = task, model
        self.lasts = config.train.loss_on_last_steps, config.train.gradient_of_last_steps

    def forward(self, batch: Batch, num_steps: int | None) -> list[list[LossPart]]:
        asked: list[tuple[Batch, list[GraphOutput]]] = []  # each batch once, with its answers

        def answers(other: Batch) -> list[GraphOutput]:
            for known, outputs in asked:
                if known is other:
                    return outputs
            asked.append((other, self.model.unroll(other, num_steps, *self.lasts)))
            return asked[-1][1]

        # The loss after a step may ask about other batches: the answer is that after the same step.
        places = range(len(answers(batch)))
        return [self.task.loss_parts(lambda b, k=k: answers(b)[k], batch) for k in places]


def _weighted(shares: list[float], parts: list[LossPart]) -> Tensor:
    """A sum of means [], each weighted; one over nothing is none."""
    means = [share * part.mean for share, part in zip(shares, parts, strict=True) if share]
    return sum(means[1:], start=means[0])
