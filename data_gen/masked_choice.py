"""One of the allowed nodes of each graph: how it is read from logits, and its loss.

N nodes and B graphs in a batch. What a policy does with it beside that is in `gn/policy.py`.
"""

import torch
from torch import Tensor

WAIT = -1  # the choice of a graph in which nothing may be chosen


def first_best(logits: Tensor, allowed: Tensor, graph: Tensor, num_graphs: int) -> Tensor:
    """The allowed node of the largest logit in each graph [B]: of equals the first; else WAIT.

    Args:
        logits: [N].
        allowed: [N] bool.
        graph: the graph of each node [N].
        num_graphs: B.
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
    """-log P(a right node is chosen) of the softmax over the allowed nodes [B]; 0 without any.

    Of several right nodes it does not matter which has the probability.

    Args:
        logits: [N].
        allowed: [N] bool.
        right: [N] bool, some of the allowed ones.
        graph: the graph of each node [N].
        num_graphs: B.
    """
    logits = logits.masked_fill(~allowed, -torch.inf)
    lowest = logits.new_full((num_graphs,), -torch.inf)
    top = lowest.scatter_reduce(0, graph, logits.detach(), "amax")
    top = torch.where(top.isfinite(), top, 0)
    weight = (logits - top[graph]).exp()  # [N], 0 where not allowed
    total = logits.new_zeros(num_graphs).index_add(0, graph, weight)
    # Relative to the best of the right ones, whose weight would be 0 far below the best of all.
    of_right = logits.masked_fill(~right, -torch.inf)
    top_right = lowest.scatter_reduce(0, graph, of_right.detach(), "amax")
    is_asked = top_right.isfinite()
    top_right = torch.where(is_asked, top_right, 0)
    weight = (of_right - top_right[graph]).exp()
    hit = logits.new_zeros(num_graphs).index_add(0, graph, weight)
    loss = torch.where(is_asked, total, 1).log() + top - torch.where(is_asked, hit, 1).log()
    return torch.where(is_asked, loss - top_right, 0)
