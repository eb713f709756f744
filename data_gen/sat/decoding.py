"""From votes and states of literals to assignments, each checked against its formula.

N nodes, E edges, B graphs, H width of a state, K candidates. An assignment is a truth value of each
literal [N]; of two complements exactly one is true, clauses are false.
"""

import torch
from torch import Tensor
from torch_geometric.data import Batch
from torch_geometric.utils import scatter

from data_gen.sat.formula_graph import CLAUSE, COMPLEMENT, LITERAL, TO_CLAUSE
from data_gen.spec import GraphOutput

NUM_ROUNDS = 10  # of 2-means, and of the power iteration that it starts from


def complements(batch: Batch) -> Tensor:
    """The node of each literal's complement [N]; a clause's is itself."""
    senders, receivers = batch.edge_index[:, batch.edge_type == COMPLEMENT]
    index = torch.arange(batch.node_type.size(0), device=senders.device)
    return index.index_copy(0, receivers, senders)


def votes_of(output: GraphOutput) -> Tensor:
    """The one column of votes [N] of an answer."""
    if output.x is None:
        raise ValueError("x of the answer is None: a vote of each node is needed")
    return output.x.squeeze(1)


def literal_mean(values: Tensor, batch: Batch) -> Tensor:
    """The mean of values [N] over the literals of each graph [B]."""
    is_literal = (batch.node_type == LITERAL).to(values.dtype)
    sums = scatter(is_literal * values, batch.batch, 0, batch.num_graphs, "sum")
    return sums / (2 * batch.graph_num_variables)


def by_votes(votes: Tensor, batch: Batch) -> Tensor:
    """A literal is true if it has more votes [N] than its complement: [N] bool."""
    other = complements(batch)
    index = torch.arange(len(other), device=other.device)
    is_first = (votes == votes[other]) & (index < other)  # of equals one has to be true
    return (batch.node_type == LITERAL) & ((votes > votes[other]) | is_first)


def by_clusters(states: Tensor, batch: Batch) -> Tensor:
    """Two clusters of a graph's literals; a literal is true if that fits them better: [N] bool.

    2-means of the states [N, H], from the two sides of the first principal component; then
    literal x is in the first cluster and ¬x in the second, or the other way round, whichever has
    the smaller sum of squared distances. Source: Selsam et al. 2019, section 5;
    `python/neurosat.py`, `find_solutions`.
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
    """All assignments that an answer is read as, with their complements: [K, N] bool."""
    truths = [by_votes(votes, batch)]
    if states is not None:
        truths.append(by_clusters(states, batch))
    other = complements(batch)
    return torch.stack([truth for one in truths for truth in (one, one[other])])


def share_satisfied(truths: Tensor, batch: Batch) -> Tensor:
    """The share of the clauses of each graph that each assignment [K, N] makes true: [K, B]."""
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
    """The first principal component of each graph's centred rows, by power iteration [B, H]."""
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
    """How much nearer each row is to the centre of the first cluster, in squared distance."""
    first, second = _centres(h, is_first, graph, num_graphs)
    return (h - second[graph]).square().sum(1) - (h - first[graph]).square().sum(1)


def _centres(h: Tensor, is_first: Tensor, graph: Tensor, num_graphs: int) -> list[Tensor]:
    """The means of both clusters of each graph, each [B, H]; of an empty one 0."""
    found = []
    for member in (is_first, ~is_first):
        weight = member.to(h.dtype).unsqueeze(1)
        counts = scatter(weight, graph, 0, num_graphs, "sum").clamp(min=1)
        found.append(scatter(weight * h, graph, 0, num_graphs, "sum") / counts)
    return found
