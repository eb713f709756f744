"""Two ways to answer a shortest-path query: independent labels, or a chain of next hops.

A path answer defines the output widths of a model, their loss, and how nodes and edges are decoded
from the output. The fields of the batch are described in `ShortestPath`.
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
    """A decoded answer: the chosen nodes and edges, and the next edge of each node."""

    nodes: Tensor  # [N] bool
    edges: Tensor  # [E] bool
    next_edge: Tensor  # [N] the best chosen outgoing edge of each node, -1 if there is none


class Walk(NamedTuple):
    """A walk along `next_edge` from the start of every graph until it arrives or cannot go on."""

    arrived: Tensor  # [B] bool
    cost: Tensor  # [B] float64, the sum of the lengths of the edges walked
    hops: Tensor  # [B] the number of edges walked
    edges: Tensor  # [E] bool, the edges walked


class PathAnswer(ABC):
    """An encoding of the path in typed answers; it does not change the instances."""

    answers: ClassVar[Sequence[Answer]]

    def width(self, level: str) -> int:
        """Return the output width of a level, "node" or "edge"."""
        return sum(answer.width for answer in self.answers if answer.level == level)

    def loss_parts(self, output: GraphOutput, batch: Batch) -> list[LossPart]:
        """Return the means whose sum is the loss, one for each answer."""
        return [answer.part(answer.of(output), batch) for answer in self.answers]

    def encode(self, batch: Batch) -> GraphOutput:
        """Return the output that decodes to the labelled path."""
        return certain_output(self.answers, batch)

    @abstractmethod
    def decode(self, output: GraphOutput, batch: Batch) -> Path:
        """Return the path that an output encodes."""


class PathLabels(PathAnswer):
    """An answer that classifies every node and every edge independently, as the graph_nets demo.

    A sigmoid on one logit is equivalent to the demo's softmax over two classes.
    """

    nodes: ClassVar[Mask] = Mask("node", "on_path")
    edges: ClassVar[Mask] = Mask("edge", "edge_on_path")
    answers: ClassVar[Sequence[Answer]] = (nodes, edges)

    def decode(self, output: GraphOutput, batch: Batch) -> Path:
        """Return the path of all nodes and edges with a positive logit."""
        logits = self.edges.of(output)
        edges = self.edges.decode(logits, batch)
        nodes = self.nodes.decode(self.nodes.of(output), batch)
        return Path(nodes, edges, best_outgoing(logits.squeeze(1), edges, batch))


class NextHop(PathAnswer):
    """An answer in which every node chooses the first edge of its shortest path to the end.

    The decoded path follows these choices from the start. The targets of all nodes and the label
    of the path come from the same Dijkstra tree, rooted at the end. The end of a query, and nodes
    from which no path leads to it, have no next hop and no loss.
    """

    hops: ClassVar[Pointer] = Pointer("edge", "edge_next_hop")
    answers: ClassVar[Sequence[Answer]] = (hops,)

    def decode(self, output: GraphOutput, batch: Batch) -> Path:
        """Return the path that is walked along the chosen edges from the start."""
        next_edge = self.hops.decode(self.hops.of(output), batch)
        edges = walk(next_edge, batch).edges
        nodes = batch.x[:, START] > 0
        nodes = nodes.index_fill(0, batch.edge_index[1, edges], True)
        return Path(nodes, edges, next_edge)


START, END = 3, 4  # columns of x


def walk(next_edge: Tensor, batch: Batch) -> Walk:
    """Follow `next_edge` [N] from every start, for at most as many hops as the graph has nodes."""
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
    """Return the depth of each graph's tree of next hops, whose root is the end [B]."""
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
