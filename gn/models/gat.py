"""Graph attention network: each node takes a mean of its senders, weighted by learned scores."""

from torch_geometric.nn import GATv2Conv

from data_gen.spec import GraphSpec
from gn.convolution import ConvolutionModel, ConvolutionState, Residual
from gn.model import check_heads
from gn.topology import Topology


class Gat(ConvolutionModel):
    """w_k = softmax_k(a·leaky_relu(W x_s + V x_i + U e_k⁰));  x_i' = LN(x_i + relu(Σ_k w_k W x_s)).

    The edges k are those that i receives, s is the sender; each head has its own w and its own part
    of the columns. No loops are added to the graph: they would need an attribute that no edge has,
    and i itself is in the residual; without edges the sum is 0. Residual connection and layer
    normalisation are not of the source. Source: Brody et al. 2022 (GATv2), section 3.3.

    Args:
        spec: widths in and out.
        hidden_dim: width H of states and hidden layers.
        num_message_passing_steps: how many steps are taken if the call does not say.
        heads: how many; a divisor of `hidden_dim`.
        share_weights: one layer for all steps, of which any number can be taken; else one for each
            step, and the number is fixed.
    """

    def __init__(
        self,
        spec: GraphSpec,
        hidden_dim: int = 48,
        num_message_passing_steps: int = 10,
        heads: int = 4,
        share_weights: bool = True,
    ) -> None:
        check_heads(hidden_dim, heads)
        dim = hidden_dim

        def build() -> Residual:
            layer = GATv2Conv(dim, dim // heads, heads, add_self_loops=False, edge_dim=dim)
            return Residual(layer, dim)

        super().__init__(spec, dim, num_message_passing_steps, share_weights, build)

    def step(
        self, state: ConvolutionState, encoded: ConvolutionState, topology: Topology, index: int
    ) -> ConvolutionState:
        """The node states after one more round."""
        del encoded, topology
        return state._replace(x=self.layer(index)(state.x, state.edge_index, state.edge_attr))
