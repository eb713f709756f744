"""A model's logits as a choice of one allowed node in each graph. Knows no task.

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
    """The log-softmax over the allowed nodes of each graph, [N]; -∞ for nodes not allowed.

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
    """-Σ p log p over the nodes of each graph, [B], of log-probabilities [N]."""
    finite = torch.where(log_probability.isfinite(), log_probability, 0)
    return -_sums(log_probability.exp() * finite, graphs)


def greedy(log_probability: Tensor, graphs: Incidence) -> Tensor:
    """The likeliest node of each graph [B]: of equals the first; NONE where none is allowed."""
    best = _largest(log_probability, graphs)[graphs.index]
    return _first((log_probability == best) & log_probability.isfinite(), graphs)


def sample(
    log_probability: Tensor,
    graphs: Incidence,
    uniform: Tensor | torch.Generator,
) -> Tensor:
    """A node of each graph by its probability [B]; NONE where none is allowed.

    Args:
        log_probability: [N].
        graphs: the graph of each node; nodes in the order of their graphs.
        uniform: numbers from [0, 1), one for each graph [B], or what draws them.
    """
    if isinstance(uniform, torch.Generator):
        uniform = torch.rand(graphs.num_rows, generator=uniform, dtype=torch.float64,
                             device=uniform.device).to(log_probability.device)  # fmt: skip
    weight = log_probability.detach().double().exp()
    # The sum up to and with each node of its graph; those of a graph without a node that counts
    # are never asked.
    total = torch.cat([weight.new_zeros(1), weight.cumsum(0)])
    ends = total[graphs.pointers]  # [B + 1]
    within = total[1:] - ends[:-1][graphs.index]
    threshold = uniform * ends.diff()
    is_beyond = (weight > 0) & (within > threshold[graphs.index])
    chosen = _first(is_beyond, graphs)
    # Rounding may leave nobody beyond the threshold: then it is the last node that counts.
    return torch.where(chosen == NONE, _last(weight > 0, graphs), chosen)


class Stepping(Protocol):
    """What a search needs of the rules of a problem that is solved step by step."""

    def start(self, batch: Batch) -> Any: ...  # noqa: ANN401, D102
    def observe(self, state: Any) -> Batch: ...  # noqa: ANN401, D102
    def allowed(self, state: Any) -> Tensor: ...  # noqa: ANN401, D102
    def apply(self, state: Any, action: Tensor) -> Any: ...  # noqa: ANN401, D102
    def is_over(self, state: Any) -> Tensor: ...  # noqa: ANN401, D102


def beam(
    rules: Stepping, repeated: Batch, width: int, logits: Callable[[Batch], Tensor]
) -> tuple[Any, Tensor]:
    """Keep the `width` likeliest sequences of choices of each graph, one choice after another.

    A step asks the model once, about all sequences side by side. States are not moved from one
    place in the batch to another: those that are kept are stepped to again from the start, which
    costs no call of the model.

    Args:
        rules: of the problem; an action of NONE leaves a graph as it is.
        repeated: each graph `width` times in a row, B · width graphs.
        width: how many sequences are kept.
        logits: of the nodes [N] of what is observed.

    Returns:
        The last state, and the log-probability of each sequence [B · width], the best of each
        graph first; -∞ for places without a sequence, which wait.
    """
    graphs = Incidence(repeated.batch, repeated.num_graphs)
    first = graphs.pointers[:-1]  # [B · width]
    score = torch.full(
        (graphs.num_rows // width, width), -torch.inf, dtype=torch.float64, device=first.device
    )
    score[:, 0] = 0  # all places hold the same empty sequence: one of them counts
    history = first.new_empty(0, graphs.num_rows)  # [t, B · width], numbers within the graph
    state = rules.start(repeated)
    while not bool((rules.is_over(state) | score.view(-1).isinf()).all()):
        log_p = log_probabilities(logits(rules.observe(state)), rules.allowed(state), graphs)
        dense = _padded(log_p, rules.is_over(state), graphs)  # [B · width, n + 1]
        total = score.view(-1, 1) + dense
        best, place = total.view(len(score), -1).topk(width, dim=1)
        parent, node = place // dense.size(1), place % dense.size(1) - 1  # NONE: it waits
        node = torch.where(best.isinf(), NONE, node)
        rows = torch.arange(len(score), device=first.device).unsqueeze(1) * width + parent
        history = torch.cat([history[:, rows.view(-1)], node.view(1, -1)])
        score, state = best, _replayed(rules, repeated, history, first)
    return state, score.view(-1)


def _padded(log_probability: Tensor, is_over: Tensor, graphs: Incidence) -> Tensor:
    """A row for each graph: first to wait, then its nodes: [B, n + 1] float64.

    A graph that is over can do nothing but wait, which is certain; others cannot.
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
    """The state after choices [t, B] of nodes numbered within their graphs."""
    state = rules.start(batch)
    for within in history:
        state = rules.apply(state, torch.where(within == NONE, NONE, within + first))
    return state


def _sums(values: Tensor, graphs: Incidence) -> Tensor:
    """The sum over each graph [B] of values [N]."""
    return values.new_zeros(graphs.num_rows).index_add(0, graphs.index, values)


def _largest(values: Tensor, graphs: Incidence) -> Tensor:
    """The largest of each graph [B] of values [N]; 0 where it is -∞."""
    lowest = values.new_full((graphs.num_rows,), -torch.inf)
    largest = lowest.scatter_reduce(0, graphs.index, values, "amax")
    return torch.where(largest.isfinite(), largest, 0)


def _first(is_one: Tensor, graphs: Incidence) -> Tensor:
    """The first node of each graph [B] that is one of those [N] bool; NONE if none is."""
    num_nodes = len(is_one)
    node = torch.arange(num_nodes, device=is_one.device).masked_fill(~is_one, num_nodes)
    first = node.new_full((graphs.num_rows,), num_nodes)
    first = first.scatter_reduce(0, graphs.index, node, "amin")
    return first.masked_fill(first == num_nodes, NONE)


def _last(is_one: Tensor, graphs: Incidence) -> Tensor:
    """The last such node [B]; NONE if none is."""
    node = torch.arange(len(is_one), device=is_one.device).masked_fill(~is_one, NONE)
    last = node.new_full((graphs.num_rows,), NONE)
    return last.scatter_reduce(0, graphs.index, node, "amax")
