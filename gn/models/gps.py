"""Graph transformer: message passing along the edges beside attention over all nodes of a graph."""

from torch_geometric.nn import GPSConv

from data_gen.spec import GraphSpec
from gn.convolution import ConvolutionModel, ConvolutionState, gine
from gn.model import check_heads
from gn.topology import Topology


class Gps(ConvolutionModel):
    """y = LN(x + GINE(x, e⁰)) + LN(x + attention(x));  x' = LN(y + φ(y)).

    GINE is φ'((1 + ε) x_i + Σ_k relu(x_s + W e_k⁰)) over the edges that i receives, attention goes
    from each node to all of its graph, so that time grows with the square of their number. Layer
    normalisation of each node stands for the batch normalisation of the source: a batch must give
    what its graphs give. There are no positional encodings: x is all that tells nodes apart.
    Source: Rampášek et al. 2022 (GraphGPS), section 3.

    Args:
        spec: widths in and out.
        hidden_dim: width H of states and hidden layers; φ has one of 2 H.
        num_message_passing_steps: how many steps are taken if the call does not say.
        heads: how many; a divisor of `hidden_dim`.
        share_weights: one layer for all steps, of which any number can be taken; else one for each
            step, and the number is fixed.
    """

    def __init__(
        self,
        spec: GraphSpec,
        hidden_dim: int = 40,
        num_message_passing_steps: int = 10,
        heads: int = 4,
        share_weights: bool = True,
    ) -> None:
        check_heads(hidden_dim, heads)
        dim = hidden_dim

        def build() -> GPSConv:
            of_node = {"mode": "node"}  # PyG's default mode mixes the nodes of a graph
            local = gine(dim, dim, "sum")
            return GPSConv(dim, local, heads, norm="layer_norm", norm_kwargs=of_node)

        super().__init__(spec, dim, num_message_passing_steps, share_weights, build)

    def step(
        self, state: ConvolutionState, encoded: ConvolutionState, topology: Topology, index: int
    ) -> ConvolutionState:
        """The node states after one more round."""
        del encoded
        node_graph, edges = topology.node_graph.index, {"edge_attr": state.edge_attr}
        x = self.layer(index)(state.x, state.edge_index, node_graph, **edges)
        return state._replace(x=x)
