"""Mask: each item belongs to the answer or does not."""

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits
from torch_geometric.data import Batch

from data_gen.answers.answer import Answer
from data_gen.spec import CERTAIN
from data_gen.task import LossPart


class Mask(Answer):
    """A logit of each item; items with a logit above 0 are in the mask; target [rows] bool."""

    def part(self, values: Tensor, batch: Batch) -> LossPart:
        """Return the binary cross-entropy, mean over all items of the batch."""
        logits = values.squeeze(1)
        target = batch[self.target].to(logits.dtype)
        return LossPart(binary_cross_entropy_with_logits(logits, target), len(logits))

    def decode(self, values: Tensor, batch: Batch) -> Tensor:
        """Return the mask [rows] bool."""
        del batch
        return values.squeeze(1) > 0

    def certain(self, batch: Batch) -> Tensor:
        """Return the logits of the target [rows, 1]."""
        return torch.where(batch[self.target], CERTAIN, -CERTAIN).unsqueeze(1)
