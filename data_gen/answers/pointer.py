"""Pointer: one of the outgoing edges of each node."""

import torch
from torch import Tensor
from torch_geometric.data import Batch
from torch_geometric.utils import scatter

from data_gen.answers.answer import Answer
from data_gen.spec import CERTAIN
from data_gen.task import LossPart


class Pointer(Answer):
    """A logit of each edge, under a softmax over the edges of its sender; target [E] bool.

    The target holds at most one outgoing edge of each node.
    """

    def part(self, values: Tensor, batch: Batch) -> LossPart:
        """Return the cross-entropy, mean over the nodes with a target, then over graphs."""
        log_probability = outgoing_log_softmax(values.squeeze(1), batch)
        target = batch[self.target].to(log_probability.dtype)
        graph = self.graph(batch)
        loss = scatter(-target * log_probability, graph, 0, batch.num_graphs, "sum")
        num_named = scatter(target, graph, 0, batch.num_graphs, "sum")
        return LossPart((loss / num_named.clamp(min=1)).mean(), batch.num_graphs)

    def decode(self, values: Tensor, batch: Batch) -> Tensor:
        """Return the chosen outgoing edge of each node [N]; -1 for a node that has none."""
        logits = values.squeeze(1)
        return best_outgoing(logits, torch.ones_like(logits, dtype=torch.bool), batch)

    def certain(self, batch: Batch) -> Tensor:
        """Return the logits of the target [E, 1]."""
        return CERTAIN * batch[self.target].float().unsqueeze(1)


def best_outgoing(logits: Tensor, allowed: Tensor, batch: Batch) -> Tensor:
    """Return the allowed outgoing edge of largest logit of each node [N]: first of equals; or -1.

    -1 stands for a node without an allowed outgoing edge.
    """
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
    """Return the logarithm of the softmax over the outgoing edges of each sender, [E]."""
    senders, num_nodes = batch.edge_index[0], batch.x.size(0)
    return segment_log_softmax(logits, senders, num_nodes)


def segment_log_softmax(logits: Tensor, index: Tensor, num_segments: int) -> Tensor:
    """Return the logarithm of the softmax over the rows of each segment, [rows]."""
    top = torch.full((num_segments,), -torch.inf, dtype=logits.dtype, device=logits.device)
    top = top.scatter_reduce(0, index, logits.detach(), "amax")
    shifted = logits - top[index]
    total = scatter(shifted.exp(), index, 0, num_segments, "sum")
    return shifted - total.log()[index]
