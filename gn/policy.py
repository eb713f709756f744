"""Turn a model's logits into the choice of one allowed node per graph, for any task.

N nodes and B graphs in a batch; `graphs` maps nodes to graphs (`Topology.node_graph`).
"""

from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch import Tensor
from torch_geometric.data import Batch

from gn.topology import Incidence

NONE = -1  # the choice of a graph in which nothing is allowed


def log_probabilities(logits: Tensor, allowed: Tensor, graphs: Incidence) -> Tensor:
    """Compute the log-softmax [N] over the allowed nodes of each graph; -∞ for other nodes.

    Args:
        logits: [N].
        allowed: [N] bool.
        graphs: the graph of each node.
    """
    top = _largest(logits.detach().masked_fill(~allowed, -torch.inf), graphs)
    shifted = torch.where(allowed, logits - top[graphs.index], -torch.inf)
    total = _sums(shifted.exp(), graphs)
    return shifted - torch.where(total > 0, total, 1).log()[graphs.index]


def entropy(log_probability: Tensor, graphs: Incidence) -> Tensor:
    """Compute -Σ p log p over the nodes of each graph [B] from log-probabilities [N]."""
    finite = torch.where(log_probability.isfinite(), log_probability, 0)
    return -_sums(log_probability.exp() * finite, graphs)


def greedy(log_probability: Tensor, graphs: Incidence) -> Tensor:
    """Choose the likeliest node of each graph [B], the first in a tie; NONE if none is allowed."""
    best = _largest(log_probability, graphs)[graphs.index]
    return _first((log_probability == best) & log_probability.isfinite(), graphs)


def sample(
    log_probability: Tensor,
    graphs: Incidence,
    uniform: Tensor | torch.Generator,
) -> Tensor:
    """Draw a node of each graph [B] from its probabilities; NONE if no node is allowed.

    Args:
        log_probability: [N].
        graphs: the graph of each node; nodes in the order of their graphs.
        uniform: numbers from [0, 1), one for each graph [B], or the generator that draws them.
    """
    if isinstance(uniform, torch.Generator):
        uniform = torch.rand(graphs.num_rows, generator=uniform, dtype=torch.float64,
                             device=uniform.device).to(log_probability.device)  # fmt: skip
    weight = log_probability.detach().double().exp()
    # The cumulative sum of each node within its graph; unused in graphs without an allowed node.
    total = torch.cat([weight.new_zeros(1), weight.cumsum(0)])
    ends = total[graphs.pointers]  # [B + 1]
    within = total[1:] - ends[:-1][graphs.index]
    threshold = uniform * ends.diff()
    is_beyond = (weight > 0) & (within > threshold[graphs.index])
    chosen = _first(is_beyond, graphs)
    # Rounding may leave no node beyond the threshold; the choice is then the last allowed node.
    return torch.where(chosen == NONE, _last(weight > 0, graphs), chosen)


class Stepping(Protocol):
    """The interface that a search needs from a problem that is solved step by step."""

    def start(self, batch: Batch) -> Any: ...  # noqa: ANN401, D102
    def observe(self, state: Any) -> Batch: ...  # noqa: ANN401, D102
    def allowed(self, state: Any) -> Tensor: ...  # noqa: ANN401, D102
    def apply(self, state: Any, action: Tensor) -> Any: ...  # noqa: ANN401, D102
    def is_over(self, state: Any) -> Tensor: ...  # noqa: ANN401, D102


def beam(
    rules: Stepping, repeated: Batch, width: int, logits: Callable[[Batch], Tensor]
) -> tuple[Any, Tensor]:
    """Beam search: keep the `width` likeliest sequences of choices of each graph.

    Each step calls the model once, on all sequences in one batch. States are not copied between
    places of the batch: the kept sequences are replayed from the start, without calls of the model.

    Args:
        rules: the rules of the problem; an action of NONE leaves a graph unchanged.
        repeated: each graph `width` times in a row, B · width graphs.
        width: the number of sequences that are kept for each graph.
        logits: maps an observation to the logits of its nodes [N].

    Returns:
        The last state, and the log-probability of each sequence [B · width], the best of each
        graph first; -∞ for places without a sequence, which do nothing.
    """
    graphs = Incidence(repeated.batch, repeated.num_graphs)
    first = graphs.pointers[:-1]  # [B · width]
    score = torch.full(
        (graphs.num_rows // width, width), -torch.inf, dtype=torch.float64, device=first.device
    )
    score[:, 0] = 0  # all places hold the same empty sequence, which is counted once
    history = first.new_empty(0, graphs.num_rows)  # [t, B · width], node numbers within the graph
    state = rules.start(repeated)
    while not bool((rules.is_over(state) | score.view(-1).isinf()).all()):
        log_p = log_probabilities(logits(rules.observe(state)), rules.allowed(state), graphs)
        dense = _padded(log_p, rules.is_over(state), graphs)  # [B · width, n + 1]
        total = score.view(-1, 1) + dense
        best, place = total.view(len(score), -1).topk(width, dim=1)
        parent, node = place // dense.size(1), place % dense.size(1) - 1  # NONE: no action
        node = torch.where(best.isinf(), NONE, node)
        rows = torch.arange(len(score), device=first.device).unsqueeze(1) * width + parent
        history = torch.cat([history[:, rows.view(-1)], node.view(1, -1)])
        score, state = best, _replayed(rules, repeated, history, first)
    return state, score.view(-1)


def _padded(log_probability: Tensor, is_over: Tensor, graphs: Incidence) -> Tensor:
    """Pad log-probabilities to one row per graph: no action, then its nodes [B, n + 1] float64.

    "No action" has probability 1 in a graph that is over and probability 0 in all others.
    """
    dense = log_probability.new_full(
        (graphs.num_rows, int(graphs.counts.max()) + 1), -torch.inf, dtype=torch.float64
    )
    within = torch.arange(len(log_probability), device=is_over.device)
    within = within - graphs.pointers[graphs.index]
    kept = torch.where(is_over[graphs.index], -torch.inf, log_probability.detach().double())
    dense[graphs.index, within + 1] = kept
    dense[:, 0] = torch.where(is_over, 0.0, -torch.inf)
    return dense


def _replayed(rules: Stepping, batch: Batch, history: Tensor, first: Tensor) -> Any:  # noqa: ANN401
    """Replay choices [t, B] of nodes, numbered within their graphs; return the last state."""
    state = rules.start(batch)
    for within in history:
        state = rules.apply(state, torch.where(within == NONE, NONE, within + first))
    return state


def _sums(values: Tensor, graphs: Incidence) -> Tensor:
    """Sum values [N] over each graph [B]."""
    return values.new_zeros(graphs.num_rows).index_add(0, graphs.index, values)


def _largest(values: Tensor, graphs: Incidence) -> Tensor:
    """Return the largest of values [N] in each graph [B]; 0 where it is -∞."""
    lowest = values.new_full((graphs.num_rows,), -torch.inf)
    largest = lowest.scatter_reduce(0, graphs.index, values, "amax")
    return torch.where(largest.isfinite(), largest, 0)


def _first(is_one: Tensor, graphs: Incidence) -> Tensor:
    """Return the first node of each graph [B] with `is_one` [N] bool; NONE if there is none."""
    num_nodes = len(is_one)
    node = torch.arange(num_nodes, device=is_one.device).masked_fill(~is_one, num_nodes)
    first = node.new_full((graphs.num_rows,), num_nodes)
    first = first.scatter_reduce(0, graphs.index, node, "amin")
    return first.masked_fill(first == num_nodes, NONE)


def _last(is_one: Tensor, graphs: Incidence) -> Tensor:
    """Return the last node of each graph [B] with `is_one` [N] bool; NONE if there is none."""
    node = torch.arange(len(is_one), device=is_one.device).masked_fill(~is_one, NONE)
    last = node.new_full((graphs.num_rows,), NONE)
    return last.scatter_reduce(0, graphs.index, node, "amax")
