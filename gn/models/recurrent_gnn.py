"""Recurrent graph network: MLP messages and a gated recurrent update of the states."""

import torch
from torch import nn

from data_gen.spec import GraphSpec
from gn.aggregation import aggregation as reduction
from gn.mlp import MLP
from gn.readout import State, ends
from gn.stepped import SteppedModel
from gn.topology import Topology


class RecurrentGnn(SteppedModel):
    """z = [x⁰, x];  m_k = φ^e(e_k⁰, z_s, z_r);  x_i' = LN(GRU(max_k m_k, x_i)).

    x⁰ and e⁰ are the encodings, read again at every step, with one set of weights for all steps.
    φ^e has no batch normalisation, unlike the source, so that the answer for a graph does not
    depend on its batch. Source: Grötschla et al. 2022; as RecGNN in Minder et al. 2023
    (SALSA-CLRS), `baselines/core/models/processor.py`, with its layer normalisation.

    Args:
        spec: widths in and out.
        hidden_dim: width H of states, messages and hidden layers.
        num_message_passing_steps: the default number of steps.
        aggregation: the reduction of the messages, one of `AGGREGATIONS`.
    """

    def __init__(
        self,
        spec: GraphSpec,
        hidden_dim: int = 40,
        num_message_passing_steps: int = 10,
        aggregation: str = "max",
    ) -> None:
        super().__init__(num_message_passing_steps, ends(spec, hidden_dim))
        dim = hidden_dim
        self.update_edge = MLP([dim, 2 * dim, 2 * dim], [dim], dim)
        self.aggregate_incoming = reduction(aggregation, dim)
        self.update_node = nn.GRUCell(dim, dim)
        self.norm = nn.LayerNorm(dim)

    def step(self, state: State, encoded: State, topology: Topology, index: int) -> State:
        """Return the state after one more round, in which only the node states change."""
        del index
        t = topology
        z = torch.cat([encoded.x, state.x], dim=1)  # [N, 2 H]
        messages = self.update_edge(state.edge_attr, (z, t.senders), (z, t.receivers))
        incoming = self.aggregate_incoming(messages, t.receivers)
        return state._replace(x=self.norm(self.update_node(incoming, state.x)))
