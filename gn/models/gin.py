"""Graph isomorphism network with edge features; a gated recurrent unit updates the states."""

import torch
from torch import nn

from data_gen.spec import GraphSpec
from gn.convolution import ConvolutionModel, ConvolutionState, check_aggregation, gine
from gn.topology import Topology


class Gin(ConvolutionModel):
    """z = [x⁰, x];  x_i' = GRU(LN(φ((1 + ε) z_i + max_k relu(z_s + W e_k⁰))), x_i).

    The edges k are those that i receives, s is the sender; x⁰ and e⁰ are the encodings, read again
    at every step, with one set of weights for all steps. φ has no batch normalisation, unlike the
    source, so that the answer for a graph does not depend on its batch. Source: Minder et al. 2023
    (SALSA-CLRS), `baselines/core/models/processor.py`, GINEConv with a GRU; the layer is that of
    Xu et al. 2019, equation 4.1, with the edges of Hu et al. 2020.

    Args:
        spec: widths in and out.
        hidden_dim: width H of states and hidden layers; messages have width 2 H.
        num_message_passing_steps: the default number of steps.
        aggregation: the reduction of the messages: max, sum, mean or min.
    """

    def __init__(
        self,
        spec: GraphSpec,
        hidden_dim: int = 40,
        num_message_passing_steps: int = 10,
        aggregation: str = "max",
    ) -> None:
        check_aggregation(aggregation)
        super().__init__(
            spec,
            hidden_dim,
            num_message_passing_steps,
            share_weights=True,
            build_layer=lambda: gine(2 * hidden_dim, hidden_dim, aggregation),
        )
        self.norm = nn.LayerNorm(hidden_dim)
        self.update_node = nn.GRUCell(hidden_dim, hidden_dim)

    def step(
        self, state: ConvolutionState, encoded: ConvolutionState, topology: Topology, index: int
    ) -> ConvolutionState:
        """Return the state after one more round, in which only the node states change."""
        del topology
        z = torch.cat([encoded.x, state.x], dim=1)  # [N, 2 H]
        incoming = self.norm(self.layer(index)(z, state.edge_index, state.edge_attr))
        return state._replace(x=self.update_node(incoming, state.x))
