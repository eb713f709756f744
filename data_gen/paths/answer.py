"""Two ways to answer a shortest-path query: independent labels, or a chain of next hops.

An answer says which widths it asks of a model, how these are trained, and which nodes and edges
they choose. Fields of the batch: see `ShortestPath`.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor
from torch_geometric.data import Batch

from data_gen.answers.answer import Answer, certain_output
from data_gen.answers.mask import Mask
from data_gen.answers.pointer import Pointer, best_outgoing
from data_gen.spec import GraphOutput
from data_gen.task import LossPart


class Path(NamedTuple):
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
    """An encoding of the path in typed answers: it has no influence on the instances."""

    answers: ClassVar[Sequence[Answer]]

    def width(self, level: str) -> int:
        """How many numbers are asked of each "node" or "edge"."""
        return sum(answer.width for answer in self.answers if answer.level == level)

    def loss_parts(self, output: GraphOutput, batch: Batch) -> list[LossPart]:
        """The means that the loss is the sum of: one for each answer."""
        return [answer.part(answer.of(output), batch) for answer in self.answers]

    def encode(self, batch: Batch) -> GraphOutput:
        """The output that decodes to the labelled path."""
        return certain_output(self.answers, batch)

    @abstractmethod
    def decode(self, output: GraphOutput, batch: Batch) -> Path:
        """The chosen nodes and edges."""


class PathLabels(PathAnswer):
    """Every node and every edge is classified by itself, as the graph_nets demo has it.

    A sigmoid on one logit is the demo's softmax over two classes.
    """

    nodes: ClassVar[Mask] = Mask("node", "on_path")
    edges: ClassVar[Mask] = Mask("edge", "edge_on_path")
    answers: ClassVar[Sequence[Answer]] = (nodes, edges)

    def decode(self, output: GraphOutput, batch: Batch) -> Path:
        """Everything with a positive logit."""
        logits = self.edges.of(output)
        edges = self.edges.decode(logits, batch)
        nodes = self.nodes.decode(self.nodes.of(output), batch)
        return Path(nodes, edges, best_outgoing(logits.squeeze(1), edges, batch))


class NextHop(PathAnswer):
    """Every node names one of its outgoing edges: the first of its shortest path to the end.

    The path is what following these choices from the start gives. The targets of all nodes come
    from the one Dijkstra tree, rooted at the end, that the label of the path comes from as well.
    The end of a query, and nodes that no path leads from, have no next hop and no loss.
    """

    hops: ClassVar[Pointer] = Pointer("edge", "edge_next_hop")
    answers: ClassVar[Sequence[Answer]] = (hops,)

    def decode(self, output: GraphOutput, batch: Batch) -> Path:
        """The nodes and edges met on the way from the start."""
        next_edge = self.hops.decode(self.hops.of(output), batch)
        edges = walk(next_edge, batch).edges
        nodes = batch.x[:, START] > 0
        nodes = nodes.index_fill(0, batch.edge_index[1, edges], True)
        return Path(nodes, edges, next_edge)


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
