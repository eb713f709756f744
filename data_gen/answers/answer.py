"""Answer: one part of a model's output, with its target, its loss and its decoding."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch_geometric.data import Batch
from torch_geometric.utils import scatter

from data_gen.distribution import check_one_of
from data_gen.spec import GraphOutput
from data_gen.task import LossPart

LEVELS = {"node": "x", "edge": "edge_attr", "graph": "u"}  # level -> field of `GraphOutput`


@dataclass(frozen=True)
class Answer(ABC):
    """One or several values for every item (node, edge or graph) of a batch.

    Attributes:
        level: "node", "edge" or "graph".
        target: the name of the batch's field with the target, [rows] or [rows, width].

    Raises:
        ValueError: `level` is none of these.
    """

    level: str
    target: str

    def __post_init__(self) -> None:
        check_one_of("level", self.level, LEVELS)

    @property
    def width(self) -> int:
        """The number of values that the model returns for each item."""
        return 1

    def of(self, output: GraphOutput) -> Tensor:
        """Return the values [rows, width] of a model's output.

        Raises:
            ValueError: the model has no output at this level.
        """
        values = getattr(output, LEVELS[self.level])
        if values is None:
            raise ValueError(f"output must have values of {self.level}s for this task, got None")
        return values

    @abstractmethod
    def part(self, values: Tensor, batch: Batch) -> LossPart:
        """Return the loss of the values [rows, width]: a mean and its number of terms."""

    @abstractmethod
    def decode(self, values: Tensor, batch: Batch) -> Tensor:
        """Return the prediction that the values [rows, width] encode, in the form of the target."""

    @abstractmethod
    def certain(self, batch: Batch) -> Tensor:
        """Return the values [rows, width] that encode the target with certainty."""

    def graph(self, batch: Batch) -> Tensor:
        """Return the graph of each item [rows]."""
        if self.level == "graph":
            return torch.arange(batch.num_graphs, device=batch.ptr.device)
        return batch.batch if self.level == "node" else batch.batch[batch.edge_index[0]]

    def per_graph(self, values: Tensor, batch: Batch) -> Tensor:
        """Return the mean of the values [rows] over the items of each graph [B]."""
        return scatter(values, self.graph(batch), 0, batch.num_graphs, "mean")


def certain_output(answers: Iterable[Answer], batch: Batch) -> GraphOutput:
    """Return the output that encodes all targets with certainty; one answer per level at most."""
    return GraphOutput(**{LEVELS[answer.level]: answer.certain(batch) for answer in answers})
