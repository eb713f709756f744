"""Graph transformer: message passing along edges plus attention over all nodes of a graph."""

from torch_geometric.nn import GPSConv

from data_gen.spec import GraphSpec
from gn.convolution import ConvolutionModel, ConvolutionState, gine
from gn.model import check_heads
from gn.topology import Topology


class Gps(ConvolutionModel):
    """y = LN(x + GINE(x, e⁰)) + LN(x + attention(x));  x' = LN(y + φ(y)).

    GINE is φ'((1 + ε) x_i + Σ_k relu(x_s + W e_k⁰)) over the edges that i receives. Each node
    attends to all nodes of its graph, so that time is quadratic in their number. Layer
    normalisation of each node replaces the batch normalisation of the source, so that the answer
    for a graph does not depend on its batch. There are no positional encodings: only x tells nodes
    apart. Source: Rampášek et al. 2022 (GraphGPS), section 3.

    Args:
        spec: widths in and out.
        hidden_dim: width H of states and hidden layers; the hidden layer of φ has width 2 H.
        num_message_passing_steps: the default number of steps.
        heads: the number of heads, a divisor of `hidden_dim`.
        share_weights: one layer for all steps, and any number of steps; else one layer for each
            step, and a fixed number of steps.
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
            of_node = {"mode": "node"}  # PyG's default mode normalises over all nodes of a graph
            local = gine(dim, dim, "sum")
            return GPSConv(dim, local, heads, norm="layer_norm", norm_kwargs=of_node)

        super().__init__(spec, dim, num_message_passing_steps, share_weights, build)

    def step(
        self, state: ConvolutionState, encoded: ConvolutionState, topology: Topology, index: int
    ) -> ConvolutionState:
        """Return the state after one more round, in which only the node states change."""
        del encoded
        node_graph, edges = topology.node_graph.index, {"edge_attr": state.edge_attr}
        x = self.layer(index)(state.x, state.edge_index, node_graph, **edges)
        return state._replace(x=x)
