"""Number and vector: real values of each item."""

from dataclasses import dataclass

from torch import Tensor
from torch_geometric.data import Batch

from data_gen.answers.answer import Answer
from data_gen.task import LossPart


@dataclass(frozen=True)
class Vector(Answer):
    """`dim` real values of each item; the target [rows, dim] has the units of the answer.

    Attributes:
        dim: the number of values of each item.
    """

    dim: int = 1

    @property
    def width(self) -> int:
        """One number for each coordinate."""
        return self.dim

    def part(self, values: Tensor, batch: Batch) -> LossPart:
        """Return the squared error, mean over all items of the batch and coordinates."""
        errors = (values - self._target(batch)).square().mean(dim=1)
        return LossPart(errors.mean(), len(errors))

    def decode(self, values: Tensor, batch: Batch) -> Tensor:
        """Return the values in the shape of the target."""
        return values.view(batch[self.target].shape)

    def certain(self, batch: Batch) -> Tensor:
        """Return the target [rows, dim]."""
        return self._target(batch)

    def _target(self, batch: Batch) -> Tensor:
        return batch[self.target].view(-1, self.dim).float()


class Number(Vector):
    """One real value of each item; target [rows]."""
