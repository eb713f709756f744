"""Choice: one node or edge of each graph."""

import torch
from torch import Tensor
from torch_geometric.data import Batch
from torch_geometric.utils import scatter

from data_gen.answers.answer import Answer
from data_gen.answers.pointer import segment_log_softmax
from data_gen.spec import CERTAIN
from data_gen.task import LossPart


class Choice(Answer):
    """A logit of each node or edge, under a softmax over each graph; target [rows] bool."""

    def part(self, values: Tensor, batch: Batch) -> LossPart:
        """Return the cross-entropy, mean over graphs."""
        graph, target = self.graph(batch), batch[self.target]
        log_probability = segment_log_softmax(values.squeeze(1), graph, batch.num_graphs)
        return LossPart(-log_probability[target].mean(), batch.num_graphs)

    def decode(self, values: Tensor, batch: Batch) -> Tensor:
        """Return the mask [rows] of the chosen items: of each graph the first largest logit."""
        logits, graph = values.squeeze(1).detach(), self.graph(batch)
        is_best = logits == scatter(logits, graph, 0, batch.num_graphs, "max")[graph]
        rows = torch.arange(len(logits), device=logits.device)
        first = scatter(rows.masked_fill(~is_best, len(rows)), graph, 0, batch.num_graphs, "min")
        return rows == first[graph]

    def certain(self, batch: Batch) -> Tensor:
        """Return the logits of the target [rows, 1]."""
        return CERTAIN * batch[self.target].float().unsqueeze(1)
