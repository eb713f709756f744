"""Pointer: each node names one of the edges that leave it."""

import torch
from torch import Tensor
from torch_geometric.data import Batch
from torch_geometric.utils import scatter

from data_gen.answers.answer import Answer
from data_gen.spec import CERTAIN
from data_gen.task import LossPart


class Pointer(Answer):
    """A logit of each edge, in a softmax over the edges of its sender; target [E] bool.

    Of the edges of a node at most one is the target's; a node without one names none.
    """

    def part(self, values: Tensor, batch: Batch) -> LossPart:
        """Cross-entropy, mean over the nodes with a target, then over graphs."""
        log_probability = outgoing_log_softmax(values.squeeze(1), batch)
        target = batch[self.target].to(log_probability.dtype)
        graph = self.graph(batch)
        loss = scatter(-target * log_probability, graph, 0, batch.num_graphs, "sum")
        num_named = scatter(target, graph, 0, batch.num_graphs, "sum")
        return LossPart((loss / num_named.clamp(min=1)).mean(), batch.num_graphs)

    def decode(self, values: Tensor, batch: Batch) -> Tensor:
        """The edge that each node names [N]; -1 for a node that no edge leaves."""
        logits = values.squeeze(1)
        return best_outgoing(logits, torch.ones_like(logits, dtype=torch.bool), batch)

    def certain(self, batch: Batch) -> Tensor:
        """Logits of the target [E, 1]."""
        return CERTAIN * batch[self.target].float().unsqueeze(1)


def best_outgoing(logits: Tensor, allowed: Tensor, batch: Batch) -> Tensor:
    """The allowed outgoing edge of largest logit of every node [N]: of equals the first, or -1."""
    senders, num_nodes = batch.edge_index[0], batch.x.size(0)
    logits = logits.detach().masked_fill(~allowed, -torch.inf)
    best = torch.full((num_nodes,), -torch.inf, dtype=logits.dtype, device=logits.device)
    best = best.scatter_reduce(0, senders, logits, "amax")
    is_best = allowed & (logits == best[senders])
    num_edges = len(senders)
    edge = torch.arange(num_edges, device=logits.device).masked_fill(~is_best, num_edges)
    first = torch.full((num_nodes,), num_edges, device=logits.device)
    first = first.scatter_reduce(0, senders, edge, "amin")
    return first.masked_fill(first == num_edges, -1)


def outgoing_log_softmax(logits: Tensor, batch: Batch) -> Tensor:
    """Logarithm of the softmax over the outgoing edges of each sender, [E]."""
    senders, num_nodes = batch.edge_index[0], batch.x.size(0)
    return segment_log_softmax(logits, senders, num_nodes)


def segment_log_softmax(logits: Tensor, index: Tensor, num_segments: int) -> Tensor:
    """Logarithm of the softmax over the rows of each segment, [rows]."""
    top = torch.full((num_segments,), -torch.inf, dtype=logits.dtype, device=logits.device)
    top = top.scatter_reduce(0, index, logits.detach(), "amax")
    shifted = logits - top[index]
    total = scatter(shifted.exp(), index, 0, num_segments, "sum")
    return shifted - total.log()[index]
