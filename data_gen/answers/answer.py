"""Answer: a part of what a model gives, with the target that it is held to."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch_geometric.data import Batch
from torch_geometric.utils import scatter

from data_gen.spec import GraphOutput
from data_gen.task import LossPart

LEVELS = {"node": "x", "edge": "edge_attr", "graph": "u"}  # of a part of `GraphOutput`


@dataclass(frozen=True)
class Answer(ABC):
    """One value, or several, for every item (node, edge or graph) of a batch.

    Attributes:
        level: "node", "edge" or "graph".
        target: the field of the batch that has the truth [rows], or [rows, width].
    """

    level: str
    target: str

    def __post_init__(self) -> None:
        if self.level not in LEVELS:
            raise ValueError(f"level must be one of {', '.join(LEVELS)}, got {self.level!r}")

    @property
    def width(self) -> int:
        """How many numbers are asked of the model for each item."""
        return 1

    def of(self, output: GraphOutput) -> Tensor:
        """The values [rows, width] of a model's output; ValueError if it has none."""
        values = getattr(output, LEVELS[self.level])
        if values is None:
            raise ValueError(f"the model gave no output where the task asks {self.level}s for one")
        return values

    @abstractmethod
    def part(self, values: Tensor, batch: Batch) -> LossPart:
        """The loss of the values [rows, width]: a mean, and over how many terms it is one."""

    @abstractmethod
    def decode(self, values: Tensor, batch: Batch) -> Tensor:
        """What the values [rows, width] say, in the form of the target."""

    @abstractmethod
    def certain(self, batch: Batch) -> Tensor:
        """The values [rows, width] that say the truth beyond doubt."""

    def graph(self, batch: Batch) -> Tensor:
        """The graph of each item [rows]."""
        if self.level == "graph":
            return torch.arange(batch.num_graphs, device=batch.ptr.device)
        return batch.batch if self.level == "node" else batch.batch[batch.edge_index[0]]

    def per_graph(self, values: Tensor, batch: Batch) -> Tensor:
        """The mean of values [rows] over the items of each graph [B]."""
        return scatter(values, self.graph(batch), 0, batch.num_graphs, "mean")


def certain_output(answers: Iterable[Answer], batch: Batch) -> GraphOutput:
    """The output that gives every answer as it is true; of each level there is one at most."""
    return GraphOutput(**{LEVELS[answer.level]: answer.certain(batch) for answer in answers})
