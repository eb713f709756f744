"""Category: each item belongs to one of k classes."""

from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot
from torch_geometric.data import Batch

from data_gen.answers.answer import Answer
from data_gen.spec import CERTAIN
from data_gen.task import LossPart


@dataclass(frozen=True)
class Category(Answer):
    """A logit of every class for each item; the target [rows] is the number of the class.

    Attributes:
        num_classes: k.
    """

    num_classes: int = 2

    @property
    def width(self) -> int:
        """One number for each class."""
        return self.num_classes

    def part(self, values: Tensor, batch: Batch) -> LossPart:
        """Return the cross-entropy of the softmax over classes, mean over the batch's items."""
        return LossPart(cross_entropy(values, batch[self.target]), len(values))

    def decode(self, values: Tensor, batch: Batch) -> Tensor:
        """Return the class of each item [rows]."""
        del batch
        return values.argmax(dim=1)

    def certain(self, batch: Batch) -> Tensor:
        """Return the logits of the target [rows, k]."""
        return CERTAIN * one_hot(batch[self.target], self.num_classes).float()
