"""Decoding of literals' votes and states into assignments, and the check of assignments.

A batch has N nodes, E edges and B graphs; H is the width of a state and K the number of candidates.
An assignment is a truth value of each literal [N]: of two complements exactly one is true, and
clause nodes are false.
"""

import torch
from torch import Tensor
from torch_geometric.data import Batch
from torch_geometric.utils import scatter

from data_gen.sat.formula_graph import CLAUSE, COMPLEMENT, LITERAL, TO_CLAUSE
from data_gen.spec import GraphOutput

NUM_ROUNDS = 10  # of 2-means, and of the power iteration from which 2-means starts


def complements(batch: Batch) -> Tensor:
    """Return the node of each literal's complement [N]; a clause is its own complement."""
    senders, receivers = batch.edge_index[:, batch.edge_type == COMPLEMENT]
    index = torch.arange(batch.node_type.size(0), device=senders.device)
    return index.index_copy(0, receivers, senders)


def votes_of(output: GraphOutput) -> Tensor:
    """Return the votes [N] of an output, its only column.

    Raises:
        ValueError: the output has none for nodes.
    """
    if output.x is None:
        raise ValueError("output.x must be a vote of each node, got None")
    return output.x.squeeze(1)


def literal_mean(values: Tensor, batch: Batch) -> Tensor:
    """Return the mean of values [N] over the literals of each graph [B]."""
    is_literal = (batch.node_type == LITERAL).to(values.dtype)
    sums = scatter(is_literal * values, batch.batch, 0, batch.num_graphs, "sum")
    return sums / (2 * batch.graph_num_variables)


def by_votes(votes: Tensor, batch: Batch) -> Tensor:
    """Return the assignment in which a literal with more votes than its complement is true [N]."""
    other = complements(batch)
    index = torch.arange(len(other), device=other.device)
    is_first = (votes == votes[other]) & (index < other)  # of equals the first is true
    return (batch.node_type == LITERAL) & ((votes > votes[other]) | is_first)


def by_clusters(states: Tensor, batch: Batch) -> Tensor:
    """Return the assignment given by two clusters of each graph's literals [N] bool.

    2-means on the states [N, H] starts from the two sides of the first principal component. Then
    either x is in the first cluster and ¬x in the second, or the other way round, whichever has
    the smaller sum of squared distances; literals of the first cluster are true. Source: Selsam et
    al. 2019, section 5; `python/neurosat.py`, `find_solutions`.
    """
    other, graph = complements(batch), batch.batch
    literals = (batch.node_type == LITERAL).nonzero().squeeze(1)
    of, h = graph[literals], states[literals].float()
    h = h - _means(h, of, batch.num_graphs)[of]
    is_first = (h * _principal_axis(h, of, batch.num_graphs)[of]).sum(1) > 0
    lead = _lead(h, is_first, of, batch.num_graphs)
    for _ in range(NUM_ROUNDS - 1):
        lead = _lead(h, lead > 0, of, batch.num_graphs)
    nearer = torch.zeros(len(graph), device=h.device)
    nearer[literals] = lead
    return by_votes(nearer - nearer[other], batch)


def candidates(votes: Tensor, states: Tensor | None, batch: Batch) -> Tensor:
    """Return all candidate assignments of an output, with their complements: [K, N] bool."""
    truths = [by_votes(votes, batch)]
    if states is not None:
        truths.append(by_clusters(states, batch))
    other = complements(batch)
    return torch.stack([truth for one in truths for truth in (one, one[other])])


def share_satisfied(truths: Tensor, batch: Batch) -> Tensor:
    """Return the share of each graph's clauses that each assignment [K, N] satisfies: [K, B]."""
    senders, receivers = batch.edge_index[:, batch.edge_type == TO_CLAUSE]
    num_nodes, is_clause = truths.size(1), batch.node_type == CLAUSE
    num_true = scatter(truths[:, senders].int(), receivers, 1, num_nodes, "sum")
    is_true = (num_true > 0) & is_clause
    counts = scatter(is_clause.double(), batch.batch, 0, batch.num_graphs, "sum")
    sums = scatter(is_true.double(), batch.batch, 1, batch.num_graphs, "sum")
    return torch.where(counts > 0, sums / counts.clamp(min=1), 1.0).float()


def _means(values: Tensor, graph: Tensor, num_graphs: int) -> Tensor:
    return scatter(values, graph, 0, num_graphs, "mean")


def _principal_axis(h: Tensor, graph: Tensor, num_graphs: int) -> Tensor:
    """Return the first principal component of each graph's centred rows [B, H].

    It is found by power iteration from the longest rows.
    """
    norms = h.norm(dim=1)
    longest = scatter(norms, graph, 0, num_graphs, "max")
    is_start = norms >= longest[graph]
    axis = scatter(h * is_start.unsqueeze(1), graph, 0, num_graphs, "sum")
    for _ in range(NUM_ROUNDS):
        projected = (h * axis[graph]).sum(1, keepdim=True)
        axis = scatter(projected * h, graph, 0, num_graphs, "sum")
        axis = axis / axis.norm(dim=1, keepdim=True).clamp(min=torch.finfo(h.dtype).tiny)
    return axis


def _lead(h: Tensor, is_first: Tensor, graph: Tensor, num_graphs: int) -> Tensor:
    """Return how much nearer each row is to the first cluster's centre, in squared distance."""
    first, second = _centres(h, is_first, graph, num_graphs)
    return (h - second[graph]).square().sum(1) - (h - first[graph]).square().sum(1)


def _centres(h: Tensor, is_first: Tensor, graph: Tensor, num_graphs: int) -> list[Tensor]:
    """Return the means of both clusters of each graph, each [B, H]; 0 for an empty cluster."""
    found = []
    for member in (is_first, ~is_first):
        weight = member.to(h.dtype).unsqueeze(1)
        counts = scatter(weight, graph, 0, num_graphs, "sum").clamp(min=1)
        found.append(scatter(weight * h, graph, 0, num_graphs, "sum") / counts)
    return found
