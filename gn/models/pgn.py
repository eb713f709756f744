"""Pointer graph network: an MLP on every edge, a maximum over the messages, one linear update."""

import torch

from data_gen.spec import GraphSpec
from gn.aggregation import aggregation
from gn.block import GraphNetworkBlock
from gn.mlp import MLP
from gn.readout import State, ends
from gn.stepped import SteppedModel
from gn.topology import Topology


class Pgn(SteppedModel):
    """z = [x⁰, x];  m_k = φ^e(e_k⁰, z_s, z_r, u⁰);  x_i' = LN(relu(O [z_i, max_k m_k])).

    φ^e is a sum of linear maps of its arguments, then an MLP with relu before each of its two
    layers. x⁰, e⁰ and u⁰ are the encodings, read again at every step, with one set of weights for
    all steps; the pointers between nodes are the given edges. Source: Veličković et al. 2020;
    as in CLRS-30 (Veličković et al. 2022), `processors.py: PGN`, with its layer normalisation.

    Args:
        spec: widths in and out.
        hidden_dim: width H of states, messages and hidden layers.
        num_message_passing_steps: the default number of steps.
    """

    def __init__(
        self, spec: GraphSpec, hidden_dim: int = 40, num_message_passing_steps: int = 10
    ) -> None:
        super().__init__(num_message_passing_steps, ends(spec, hidden_dim))
        dim = hidden_dim
        self.processor = GraphNetworkBlock(
            update_edge=MLP([dim, 2 * dim, 2 * dim, dim], [dim, dim], dim),
            update_node=MLP([2 * dim, dim, 0], [dim], None, layer_norm=True),
            aggregate_incoming=aggregation("max", dim),
        )

    def step(self, state: State, encoded: State, topology: Topology, index: int) -> State:
        """Return the state after one more round, in which only the node states change."""
        del index
        z = torch.cat([encoded.x, state.x], dim=1)  # [N, 2 H]
        x, _, _ = self.processor(z, state.edge_attr, state.u, topology)
        return state._replace(x=x)
