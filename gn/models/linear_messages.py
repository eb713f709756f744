"""Linear messages, their maximum, and a learned update: the form of dynamic programming."""

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn
from torch_geometric.data import Batch

from data_gen.spec import GraphOutput, GraphSpec
from gn.aggregation import aggregation
from gn.block import GraphNetworkBlock
from gn.kernels.segment import gather
from gn.mlp import MLP
from gn.model import check_widths
from gn.stepped import SteppedModel
from gn.topology import Incidence, Topology


class LinearMessage(nn.Module):
    """φ^e: a linear function of the sender plus the part of the edge; the receiver is not read.

    A term of the receiver would be equal in all messages that a maximum compares.
    """

    def __init__(self, node_dim: int, dim: int) -> None:
        super().__init__()
        self.of_sender = nn.Linear(node_dim, dim, bias=False)

    def forward(self, edge_message: Tensor, sender: tuple[Tensor, Incidence], *_: object) -> Tensor:
        """Compute messages [E, dim] from x [N, node_dim] and the part of the edge [E, dim]."""
        x, senders = sender
        return edge_message + gather(self.of_sender(x), senders)


class LinearState(NamedTuple):
    """The state between two steps. Only `x` changes."""

    x: Tensor  # [N, H]
    edge_attr: Tensor  # [E, H], e⁰
    edge_message: Tensor  # [E, H], B e⁰: constant over the steps, so computed once


class LinearMessages(SteppedModel):
    """m_k = A [x⁰, x]_s + B e_k⁰;  x_i' = φ^v([x⁰, x]_i, max_k m_k);  answers read e⁰, x_s, x_r.

    A GN block (Battaglia et al. 2018, algorithm 1) without globals, whose φ^e is linear and whose
    ρ^{e→v} is a maximum. It can represent the Bellman-Ford update, min_s (x_s + e_k), with weights
    that extrapolate; MLPs on edges cannot. x⁰ and e⁰ are the encodings, read again at every step;
    one set of weights serves any number of steps. No layer has a bias: doubled attributes give
    doubled states, as for lengths and distances. Source: this suite, after Xu et al. 2021 ("How
    neural networks extrapolate"), section 4.

    Args:
        spec: widths in and out.
        hidden_dim: width H of states, messages and hidden layers.
        num_message_passing_steps: the default number of steps.
        aggregations: the reductions ρ^{e→v}, concatenated.
        node_features: the columns of x that are read, all if None.
        relative_edges: whether edge attributes are divided by their mean size in the graph, so that
            the answer does not depend on the unit of length.

    Raises:
        ValueError: a width is not positive, or x has no column of `node_features`.
    """

    message: ClassVar[type[nn.Module]] = LinearMessage  # φ^e, built from its two widths

    def __init__(
        self,
        spec: GraphSpec,
        hidden_dim: int = 32,
        num_message_passing_steps: int = 12,
        aggregations: str | Sequence[str] = ("max",),
        node_features: Sequence[int] | None = None,
        relative_edges: bool = True,
    ) -> None:
        dim = hidden_dim
        columns = _columns(node_features, spec.node_in)
        node_in = spec.node_in if columns is None else len(columns)
        super().__init__(num_message_passing_steps, None)
        check_widths(hidden_dim=hidden_dim)
        self.node_features = columns
        self.relative_edges = relative_edges
        incoming = aggregation(aggregations, dim)
        self.mean_size = aggregation("mean", spec.edge_in)
        self.encode_node = plain_mlp([node_in, spec.global_in], [], dim)
        self.encode_edge = plain_mlp([spec.edge_in], [], dim)
        self.edge_message = plain_mlp([dim], [], dim)  # B
        self.processor = GraphNetworkBlock(
            update_edge=self.message(2 * dim, dim),
            update_node=plain_mlp([2 * dim, incoming.out_dim, 0], [dim], dim),
            aggregate_incoming=incoming,
        )
        self.pool = aggregation(["mean", "max"], dim)
        self.node = plain_mlp([dim], [dim], spec.node_out) if spec.node_out else None
        self.edge = plain_mlp([dim, dim, dim], [dim], spec.edge_out) if spec.edge_out else None
        self.graph = plain_mlp([2 * dim], [dim], spec.global_out) if spec.global_out else None

    def encode(self, batch: Batch, topology: Topology) -> LinearState:
        """Compute x⁰, e⁰ and B e⁰."""
        inputs = batch.x if self.node_features is None else batch.x[:, self.node_features]
        edge_attr = self.encode_edge(self._edge_attr(batch, topology))
        x = self.encode_node(inputs, (batch.u, topology.node_graph))
        return LinearState(x, edge_attr, self.edge_message(edge_attr))

    def _edge_attr(self, batch: Batch, topology: Topology) -> Tensor:
        """Return the edge attributes [E, F], divided by their mean size if `relative_edges`."""
        if not self.relative_edges:
            return batch.edge_attr
        edges = topology.edge_graph
        mean = self.mean_size(batch.edge_attr.abs(), edges)
        return batch.edge_attr / gather(mean, edges).clamp(min=torch.finfo(mean.dtype).tiny)

    def step(
        self, state: LinearState, encoded: LinearState, topology: Topology, index: int
    ) -> LinearState:
        """Return the state after one more round, in which only the node states change."""
        del index
        x = torch.cat([encoded.x, state.x], dim=1)
        x, _, _ = self.processor(x, state.edge_message, None, topology)
        return state._replace(x=x)

    def decode(self, state: LinearState, encoded: LinearState, topology: Topology) -> GraphOutput:
        """Compute each answer from the node states and e⁰."""
        del encoded
        t, (x, edge_attr, _) = topology, state
        return GraphOutput(
            x=self.node(x) if self.node else None,
            edge_attr=self.edge(edge_attr, (x, t.senders), (x, t.receivers)) if self.edge else None,
            u=self.graph(self.pool(x, t.node_graph)) if self.graph else None,
        )


def _columns(node_features: Sequence[int] | None, node_in: int) -> list[int] | None:
    """Return the columns as a list; raise ValueError for a column that x does not have."""
    if node_features is None:
        return None
    is_list = isinstance(node_features, Sequence) and len(node_features) > 0
    if not is_list or not all(type(c) is int and 0 <= c < node_in for c in node_features):
        raise ValueError(
            f"node_features must be a list of columns from 0 to {node_in - 1},"
            f" got {node_features!r}"
        )
    return list(node_features)


def plain_mlp(in_dims: Sequence[int], hidden_dims: Sequence[int], out_dim: int) -> MLP:
    """Build an MLP without biases: doubled inputs give doubled outputs."""
    return MLP(in_dims, hidden_dims, out_dim, bias=False)
