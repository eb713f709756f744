"""The query of a shortest-path task, as models without parameters read it.

N nodes, E edges, B graphs. An edge leads from its sender to its receiver.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch_geometric.data import Batch

from data_gen.spec import GraphOutput, GraphSpec
from gn.kernels.segment import gather, segment_sum
from gn.model import check_asked
from gn.policy import NONE, greedy
from gn.topology import Topology

START, END, LENGTH = "start", "end", "length"
NEXT_HOP, LABELS = (0, 1, 0), (1, 1, 0)  # widths of the two answers


class Query(NamedTuple):
    """The given quantities: the state that a model starts from.

    Attributes:
        x: the straight-line distance from each node to the end [N, 1].
        node_is_start: [N, 1] bool.
        node_is_end: [N, 1] bool.
        edge_length: [E, 1].
    """

    x: Tensor
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
    position = batch.x[:, : spec.position_dim]
    graphs = topology.node_graph
    place = segment_sum(torch.where(is_end, position, 0), graphs)
    place = place / segment_sum(is_end.to(place), graphs).clamp(min=1)
    line = (position - gather(place, graphs)).norm(dim=1, keepdim=True)
    return Query(line, is_start, is_end, batch.edge_attr[:, column : column + 1])


def pointed(logits: Tensor, query: Query, spec: GraphSpec, topology: Topology) -> GraphOutput:
    """Turn edge logits [E, 1] into an answer; a larger logit marks a better edge.

    For a task of next hops the answer is the logits. For a task of labels it is 1 for the nodes and
    edges of the walk from the start along the best edges (the first in a tie), and -1 for all
    others. A walk in a circle ends after as many hops as there are nodes.
    """
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
