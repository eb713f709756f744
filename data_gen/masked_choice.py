"""The choice of one allowed node of each graph: how it is read from logits, and its loss.

A batch has N nodes and B graphs. The policies that use these functions are in `gn/policy.py`.
"""

import torch
from torch import Tensor

WAIT = -1  # the choice of a graph in which nothing may be chosen


def first_best(logits: Tensor, allowed: Tensor, graph: Tensor, num_graphs: int) -> Tensor:
    """Return the allowed node of the largest logit of each graph [B], the first among equals.

    Args:
        logits: [N].
        allowed: [N] bool.
        graph: the graph of each node [N].
        num_graphs: B.

    Returns:
        One node of each graph [B]; WAIT where no node is allowed.
    """
    logits = logits.detach().masked_fill(~allowed, -torch.inf)
    best = logits.new_full((num_graphs,), -torch.inf).scatter_reduce(0, graph, logits, "amax")
    is_best = allowed & (logits == best[graph])
    num_nodes = len(graph)
    node = torch.arange(num_nodes, device=graph.device).masked_fill(~is_best, num_nodes)
    first = graph.new_full((num_graphs,), num_nodes).scatter_reduce(0, graph, node, "amin")
    return first.masked_fill(first == num_nodes, WAIT)


def choice_loss(
    logits: Tensor, allowed: Tensor, right: Tensor, graph: Tensor, num_graphs: int
) -> Tensor:
    """Return -log P(a right node) of each graph [B], under the softmax over its allowed nodes.

    The probabilities of several right nodes are summed. A graph without a right node has loss 0.

    Args:
        logits: [N].
        allowed: [N] bool.
        right: [N] bool, a subset of the allowed nodes.
        graph: the graph of each node [N].
        num_graphs: B.
    """
    logits = logits.masked_fill(~allowed, -torch.inf)
    lowest = logits.new_full((num_graphs,), -torch.inf)
    top = lowest.scatter_reduce(0, graph, logits.detach(), "amax")
    top = torch.where(top.isfinite(), top, 0)
    weight = (logits - top[graph]).exp()  # [N], 0 where the node is not allowed
    total = logits.new_zeros(num_graphs).index_add(0, graph, weight)
    # Relative to the best right node: relative to the best node of all, its weight may underflow.
    of_right = logits.masked_fill(~right, -torch.inf)
    top_right = lowest.scatter_reduce(0, graph, of_right.detach(), "amax")
    is_asked = top_right.isfinite()
    top_right = torch.where(is_asked, top_right, 0)
    weight = (of_right - top_right[graph]).exp()
    hit = logits.new_zeros(num_graphs).index_add(0, graph, weight)
    loss = torch.where(is_asked, total, 1).log() + top - torch.where(is_asked, hit, 1).log()
    return torch.where(is_asked, loss - top_right, 0)
