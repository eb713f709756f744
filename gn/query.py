"""The query of a shortest-path task, as models without parameters read it.

N nodes, E edges, B graphs. An edge leads from its sender to its receiver. Distances are float64:
in float32 a length of 1e-8 would be lost beside one of 1, and a walk could turn in circles among
nodes of equal estimates.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch_geometric.data import Batch

from data_gen.spec import GraphOutput, GraphSpec
from gn.kernels.segment import gather, segment_max, segment_sum
from gn.model import check_asked
from gn.policy import NONE, greedy
from gn.topology import Topology

START, END, LENGTH = "start", "end", "length"
NEXT_HOP, LABELS = (0, 1, 0), (1, 1, 0)  # widths of the two answers
FAR = 2.0**120  # longer than any way; the difference of two ways is finite in float32
LEAST = torch.finfo(torch.float32).tiny  # the least difference of logits


class Query(NamedTuple):
    """The given quantities: the state that a model starts from.

    Attributes:
        x: an estimate of the distance from each node to the end [N, 1] float64; at first the
            straight-line distance.
        node_hops: the number of edges of the way that was estimated [N, 1] float64; at first 0.
        node_is_start: [N, 1] bool.
        node_is_end: [N, 1] bool.
        edge_length: [E, 1], in the precision of the batch.
    """

    x: Tensor
    node_hops: Tensor
    node_is_start: Tensor
    node_is_end: Tensor
    edge_length: Tensor


def check_query(spec: GraphSpec) -> None:
    """Raise ValueError for a task that is not about paths, or asks for neither of the two answers.

    A path task has a start, an end, edge lengths and positions; its answer is the next hop of each
    node (`NEXT_HOP`) or labels of nodes and edges (`LABELS`).
    """
    missing = [name for name in (START, END) if name not in spec.node_names]
    missing += [name for name in (LENGTH,) if name not in spec.edge_names]
    if missing or not spec.position_dim:
        lacks = " and ".join(missing) or "positions"
        raise ValueError(f"the task must be about paths in space, got one without {lacks}")
    check_asked(spec, NEXT_HOP, LABELS)


def query_of(batch: Batch, spec: GraphSpec, topology: Topology) -> Query:
    """Return the query of every graph; without an end, distances are to the origin."""
    is_start, is_end = (
        batch.x[:, spec.node_column(name)].unsqueeze(1) > 0 for name in (START, END)
    )
    column = spec.edge_column(LENGTH)
    position = batch.x[:, : spec.position_dim].double()
    graphs = topology.node_graph
    place = segment_sum(torch.where(is_end, position, 0), graphs)
    place = place / segment_sum(is_end.to(place), graphs).clamp(min=1)
    line = (position - gather(place, graphs)).norm(dim=1, keepdim=True)
    length = batch.edge_attr[:, column : column + 1]
    return Query(line, torch.zeros_like(line), is_start, is_end, length)


def shortest(ways: Tensor, query: Query, topology: Topology) -> tuple[Tensor, Tensor, Tensor]:
    """Find the shortest way from each node; among ways of equal length, those of fewest edges.

    A length that rounding loses beside a longer one makes ways equal. The number of edges then
    tells the way to the end from the way back, so that walks along the shortest ways arrive.

    Args:
        ways: the length of the way to the end through each edge [E, 1], `FAR` if there is none.
        query: the estimates that the ways go on to.
        topology: the edges.

    Returns:
        The length and the number of edges of each node's shortest way, [N, 1] each, 0 for a node
        without edges; and the edges with which such ways begin [E, 1] bool.
    """
    least = -segment_max(-ways, topology.senders)
    hops = torch.where(ways < FAR, gather(query.node_hops, topology.receivers) + 1, 0)
    hops = torch.where(ways == gather(least, topology.senders), hops, FAR)
    fewest = -segment_max(-hops, topology.senders)
    return least, fewest, hops == gather(fewest, topology.senders)


def pointed(ways: Tensor, query: Query, spec: GraphSpec, topology: Topology) -> GraphOutput:
    """Turn the ways through edges [E, 1] into an answer: the shortest way is the best.

    For a task of next hops the logit of an edge is 0 if a shortest way of its sender begins with
    it, else minus the detour. For a task of labels the answer is 1 for the nodes and edges of the
    walk from the start along the best edges (the first in a tie), and -1 for all others. A walk in
    a circle ends after as many hops as there are nodes.
    """
    least, _, is_best = shortest(ways, query, topology)
    detour = (ways - gather(least, topology.senders)).clamp(min=LEAST)
    logits = torch.where(is_best, 0, -detour).to(query.edge_length.dtype)
    if spec.asked == NEXT_HOP:
        return GraphOutput(edge_attr=logits)
    next_edge = greedy(logits.squeeze(1), topology.senders)
    is_end = query.node_is_end.squeeze(1)
    current = query.node_is_start.squeeze(1)
    on_node, on_edge = current.clone(), torch.zeros(len(logits), dtype=torch.bool).to(current)
    for _ in range(int(topology.node_graph.counts.max())):
        edges = next_edge[current & ~is_end]
        edges = edges[edges != NONE]
        if len(edges) == 0:
            break
        nodes = topology.receivers.index[edges]
        current = torch.zeros_like(is_end).index_fill(0, nodes, True)
        on_edge[edges] = True
        on_node |= current
    x, edge_attr = (2 * on.unsqueeze(1).to(logits) - 1 for on in (on_node, on_edge))
    return GraphOutput(x=x, edge_attr=edge_attr)
