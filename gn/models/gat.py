"""Graph attention network: each node averages its senders, weighted by learned scores."""

from torch_geometric.nn import GATv2Conv

from data_gen.spec import GraphSpec
from gn.convolution import ConvolutionModel, ConvolutionState, Residual
from gn.model import check_heads
from gn.topology import Topology


class Gat(ConvolutionModel):
    """w_k = softmax_k(a·leaky_relu(W x_s + V x_i + U e_k⁰));  x_i' = LN(x_i + relu(Σ_k w_k W x_s)).

    The edges k are those that i receives, s is the sender; each head has its own w and its own part
    of the columns. No self-loops are added: they would need an edge attribute, and the residual
    already contains x_i. For a node without edges the sum is 0. The residual connection and the
    layer normalisation are additions to the source. Source: Brody et al. 2022 (GATv2), section 3.3.

    Args:
        spec: widths in and out.
        hidden_dim: width H of states and hidden layers.
        num_message_passing_steps: the default number of steps.
        heads: the number of heads, a divisor of `hidden_dim`.
        share_weights: one layer for all steps, and any number of steps; else one layer for each
            step, and a fixed number of steps.
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
        """Return the state after one more round, in which only the node states change."""
        del encoded, topology
        return state._replace(x=self.layer(index)(state.x, state.edge_index, state.edge_attr))
