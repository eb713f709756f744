"""The recurrent graph network: a block whose node update is a GRU or an LSTM."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch_geometric.data import Batch

from data_gen.spec import GraphOutput, GraphSpec
from gn.aggregation import aggregation
from gn.kernels.segment import gather
from gn.mlp import MLP
from gn.model import check_one_of
from gn.readout import ends
from gn.stepped import SteppedModel
from gn.topology import Topology

CELLS = {"gru": nn.GRUCell, "lstm": nn.LSTMCell}


class RecurrentState(NamedTuple):
    """The states of a graph network and the cell states of its LSTM."""

    x: Tensor  # [N, H]
    edge_attr: Tensor  # [E, H]
    u: Tensor  # [B, H]
    node_memory: Tensor  # [N, H], the cell state of an LSTM; [N, 0] for a GRU


class RecurrentGraphNetwork(SteppedModel):
    """e_k' = φ^e(e_k⁰, e_k, x_s, x_r, u);  x_i' = RNN([x_i⁰, ρ e', u], x_i);  u' = φ^u(u, ρ x').

    RNN is a GRU or LSTM cell, whose gates can keep a state over many steps. Source: Battaglia et
    al. 2018, figure 6c.

    Args:
        spec: widths in and out.
        hidden_dim: width H of states and hidden layers.
        num_message_passing_steps: the default number of steps.
        aggregations: the reductions of each ρ, concatenated.
        cell: "gru" or "lstm".

    Raises:
        ValueError: `cell` or an aggregation is unknown.
    """

    def __init__(
        self,
        spec: GraphSpec,
        hidden_dim: int = 32,
        num_message_passing_steps: int = 10,
        aggregations: str | Sequence[str] = ("max",),
        cell: str = "gru",
    ) -> None:
        check_one_of("cell", cell, sorted(CELLS))
        super().__init__(num_message_passing_steps, ends(spec, hidden_dim))
        dim = hidden_dim
        self.has_memory = cell == "lstm"
        self.aggregate_incoming = aggregation(aggregations, dim)
        self.aggregate_nodes = aggregation(aggregations, dim)
        self.update_edge = MLP([2 * dim, dim, dim, dim], [dim], dim)
        self.update_node = CELLS[cell](dim + self.aggregate_incoming.out_dim + dim, dim)
        self.update_global = MLP([dim, self.aggregate_nodes.out_dim], [dim], dim)

    def encode(self, batch: Batch, topology: Topology) -> RecurrentState:
        """Return the encoding and a memory of zeros."""
        state = self.encoder(batch, topology)
        memory = state.x.new_zeros(len(state.x), state.x.shape[1] if self.has_memory else 0)
        return RecurrentState(state.x, state.edge_attr, state.u, memory)

    def step(
        self, state: RecurrentState, encoded: RecurrentState, topology: Topology, index: int
    ) -> RecurrentState:
        """Run one round of algorithm 1, in which φ^u reads nodes but no edges."""
        del index
        t, (x, edge_attr, u, memory) = topology, state
        edge_attr = torch.cat([encoded.edge_attr, edge_attr], dim=1)
        edge_attr = self.update_edge(edge_attr, (x, t.senders), (x, t.receivers), (u, t.edge_graph))
        incoming = self.aggregate_incoming(edge_attr, t.receivers)
        inputs = torch.cat([encoded.x, incoming, gather(u, t.node_graph)], dim=1)
        if self.has_memory:
            x, memory = self.update_node(inputs, (x, memory))
        else:
            x = self.update_node(inputs, x)
        u = self.update_global(u, self.aggregate_nodes(x, t.node_graph))
        return RecurrentState(x, edge_attr, u, memory)

    def decode(
        self, state: RecurrentState, encoded: RecurrentState, topology: Topology
    ) -> GraphOutput:
        """Compute the answers from the states; the memory is not read."""
        del encoded
        return self.readout(*state[:3], topology)
