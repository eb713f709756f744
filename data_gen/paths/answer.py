"""Two ways to answer a shortest-path query: independent labels, or a chain of next hops.

An answer says which widths it asks of a model, how these are trained, and which nodes and edges
they choose. Fields of the batch: see `ShortestPath`.
"""

from abc import ABC, abstractmethod
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits
from torch_geometric.data import Batch
from torch_geometric.utils import scatter

from data_gen.spec import GraphOutput
from data_gen.task import LossPart

CERTAIN = 30.0  # a logit that leaves no doubt in float32


class Choice(NamedTuple):
    """What an answer says: the chosen nodes and edges, and where each node would go next."""

    nodes: Tensor  # [N] bool
    edges: Tensor  # [E] bool
    next_edge: Tensor  # [N] the best chosen edge that leaves a node, -1 where there is none


class Walk(NamedTuple):
    """A walk along `next_edge` from the start of every graph until it arrives or is lost."""

    arrived: Tensor  # [B] bool
    cost: Tensor  # [B] float64, sum of the lengths walked
    hops: Tensor  # [B] number of edges walked
    edges: Tensor  # [E] bool, the edges walked


class PathAnswer(ABC):
    """An encoding of the answer: it has no influence on the instances."""

    node_out: int
    edge_out: int

    @abstractmethod
    def loss(self, output: GraphOutput, batch: Batch) -> Tensor:
        """A scalar."""

    def loss_parts(self, output: GraphOutput, batch: Batch) -> list[LossPart]:
        """The means that it is the sum of: one over graphs."""
        return [LossPart(self.loss(output, batch), batch.num_graphs)]

    @abstractmethod
    def decode(self, output: GraphOutput, batch: Batch) -> Choice:
        """The chosen nodes and edges."""

    @abstractmethod
    def encode(self, batch: Batch) -> GraphOutput:
        """The output that decodes to the labelled path."""


class PathLabels(PathAnswer):
    """Every node and every edge is classified by itself, as the graph_nets demo has it.

    A sigmoid on one logit is the demo's softmax over two classes.
    """

    node_out = 1
    edge_out = 1

    def loss(self, output: GraphOutput, batch: Batch) -> Tensor:
        """Mean cross-entropy over all nodes plus mean cross-entropy over all edges."""
        nodes, edges = self.loss_parts(output, batch)
        return nodes.mean + edges.mean

    def loss_parts(self, output: GraphOutput, batch: Batch) -> list[LossPart]:
        """The one over nodes, and the one over edges."""
        pairs = [
            (_logits(output.x), batch.on_path),
            (_logits(output.edge_attr), batch.edge_on_path),
        ]
        return [
            LossPart(binary_cross_entropy_with_logits(logits, label.to(logits.dtype)), len(logits))
            for logits, label in pairs
        ]

    def decode(self, output: GraphOutput, batch: Batch) -> Choice:
        """Everything with a positive logit."""
        nodes, edges = _logits(output.x) > 0, _logits(output.edge_attr) > 0
        next_edge = best_outgoing(_logits(output.edge_attr), edges, batch)
        return Choice(nodes, edges, next_edge)

    def encode(self, batch: Batch) -> GraphOutput:
        """Certain logits of the labels."""
        return GraphOutput(
            x=CERTAIN * (2.0 * batch.on_path.float() - 1).unsqueeze(1),
            edge_attr=CERTAIN * (2.0 * batch.edge_on_path.float() - 1).unsqueeze(1),
        )


class NextHop(PathAnswer):
    """Every node chooses one of its outgoing edges: the first of its shortest path to the end.

    The path is what following these choices from the start gives. The targets of all nodes come
    from the one Dijkstra tree, rooted at the end, that the label of the path comes from as well.
    """

    node_out = 0
    edge_out = 1

    def loss(self, output: GraphOutput, batch: Batch) -> Tensor:
        """Cross-entropy of the softmax over a node's outgoing edges, mean over nodes, then graphs.

        The end of a query, and nodes that no path leads from, have no next hop and no loss.
        """
        log_probability = outgoing_log_softmax(_logits(output.edge_attr), batch)
        target = batch.edge_next_hop.to(log_probability.dtype)
        edge_graph = batch.batch[batch.edge_index[0]]
        loss = scatter(-target * log_probability, edge_graph, 0, batch.num_graphs, "sum")
        num_choices = scatter(target, edge_graph, 0, batch.num_graphs, "sum")
        return (loss / num_choices.clamp(min=1)).mean()

    def decode(self, output: GraphOutput, batch: Batch) -> Choice:
        """The nodes and edges met on the way from the start."""
        logits = _logits(output.edge_attr)
        next_edge = best_outgoing(logits, torch.ones_like(logits, dtype=torch.bool), batch)
        edges = walk(next_edge, batch).edges
        nodes = batch.x[:, START] > 0
        nodes = nodes.index_fill(0, batch.edge_index[1, edges], True)
        return Choice(nodes, edges, next_edge)

    def encode(self, batch: Batch) -> GraphOutput:
        """Certain logits of the tree."""
        return GraphOutput(edge_attr=CERTAIN * batch.edge_next_hop.float().unsqueeze(1))


START, END = 3, 4  # columns of x


def walk(next_edge: Tensor, batch: Batch) -> Walk:
    """Follow `next_edge` [N] from every start; at most as many hops as the graph has nodes."""
    device = next_edge.device
    edges = torch.zeros(batch.edge_index.size(1), dtype=torch.bool, device=device)
    cost = torch.zeros(batch.num_graphs, dtype=torch.float64, device=device)
    hops = torch.zeros(batch.num_graphs, dtype=torch.long, device=device)
    is_end = batch.x[:, END] > 0
    current = (batch.x[:, START] > 0).nonzero().squeeze(1)  # [B], one in every graph
    for _ in range(int(batch.ptr.diff().max())):
        edge = next_edge[current]
        moving = (edge >= 0) & ~is_end[current]
        if not moving.any():
            break
        edge = edge.clamp(min=0)
        edges[edge[moving]] = True
        cost = cost + torch.where(moving, batch.edge_attr[edge, 0].double(), 0.0)
        hops = hops + moving
        current = torch.where(moving, batch.edge_index[1, edge], current)
    return Walk(is_end[current], cost, hops, edges)


def tree_depth(batch: Batch) -> Tensor:
    """The depth of each graph's tree of next hops, whose root is the end [B]."""
    senders, receivers = batch.edge_index[:, batch.edge_next_hop]
    layer = batch.x[:, END] > 0
    depth = torch.zeros(batch.num_graphs, dtype=torch.long, device=layer.device)
    for _ in range(int(batch.ptr.diff().max())):
        nodes = senders[layer[receivers]]
        if len(nodes) == 0:
            break
        depth[batch.batch[nodes]] += 1
        layer = torch.zeros_like(layer).index_fill(0, nodes, True)
    return depth


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
    top = torch.full((num_nodes,), -torch.inf, dtype=logits.dtype, device=logits.device)
    top = top.scatter_reduce(0, senders, logits.detach(), "amax")
    shifted = logits - top[senders]
    total = scatter(shifted.exp(), senders, 0, num_nodes, "sum")
    return shifted - total.log()[senders]


def _logits(values: Tensor | None) -> Tensor:
    """The one output column of a model, [rows]."""
    if values is None:
        raise ValueError("the model gave no output where the task asks for one")
    return values.squeeze(1)
