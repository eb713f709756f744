"""GraphSAGE: a linear map of the node plus a linear map of the mean of its senders."""

from torch_geometric.nn import SAGEConv

from data_gen.spec import GraphSpec
from gn.convolution import ConvolutionModel, ConvolutionState, Residual, check_aggregation
from gn.topology import Topology


class GraphSage(ConvolutionModel):
    """x_i' = LN(x_i + relu(W x_i + V mean_k x_s)).

    The edges k are those that i receives, s is the sender. Layers do not read edge attributes,
    which reach the answers through the readout alone. The residual connection and the layer
    normalisation are additions to the source, which scales states to length 1 instead. Source:
    Hamilton et al. 2017, algorithm 1.

    Args:
        spec: widths in and out.
        hidden_dim: width H of states and hidden layers.
        num_message_passing_steps: the default number of steps.
        aggregation: the reduction over the senders: max, sum, mean or min.
        share_weights: one layer for all steps, and any number of steps; else one layer for each
            step, and a fixed number of steps.
    """

    def __init__(
        self,
        spec: GraphSpec,
        hidden_dim: int = 56,
        num_message_passing_steps: int = 10,
        aggregation: str = "mean",
        share_weights: bool = True,
    ) -> None:
        check_aggregation(aggregation)

        def build() -> Residual:
            return Residual(SAGEConv(hidden_dim, hidden_dim, aggr=aggregation), hidden_dim)

        super().__init__(spec, hidden_dim, num_message_passing_steps, share_weights, build)

    def step(
        self, state: ConvolutionState, encoded: ConvolutionState, topology: Topology, index: int
    ) -> ConvolutionState:
        """Return the state after one more round, in which only the node states change."""
        del encoded, topology
        return state._replace(x=self.layer(index)(state.x, state.edge_index))
