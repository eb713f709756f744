"""Principal neighbourhood aggregation: four reductions, each scaled by functions of the degree."""

import torch
from torch_geometric.nn import PNAConv

from data_gen.spec import GraphSpec
from gn.convolution import ConvolutionModel, ConvolutionState, Residual
from gn.model import check_widths
from gn.topology import Topology

AGGREGATORS = ["mean", "max", "min", "std"]
SCALERS = ["identity", "amplification", "attenuation"]  # times 1, log(d + 1) / δ and its inverse


class Pna(ConvolutionModel):
    """m_k = M [x_i, x_s, U e_k⁰];  x_i' = LN(x_i + relu(W [x_i, S(d_i) ⊗ ρ_k m_k])).

    The edges k are the d_i that i receives, s is the sender; ρ is the mean, maximum, minimum and
    standard deviation, S(d) is (1, log(d + 1) / δ, δ / log(d + 1)), and W is a product of two
    linear maps. In the source δ is the mean of log(d + 1) over the training set. Here δ is the
    constant log(`reference_degree` + 1): W can absorb any factor, so that a learned δ would be
    redundant, and a measured δ would tie the model to one size. The residual connection and the
    layer normalisation are additions to the source. Source: Corso et al. 2020, section 2.

    Args:
        spec: widths in and out.
        hidden_dim: width H of states and hidden layers.
        num_message_passing_steps: the default number of steps.
        reference_degree: the number of incoming edges at which all three scalers are 1.
        share_weights: one layer for all steps, and any number of steps; else one layer for each
            step, and a fixed number of steps.
    """

    def __init__(
        self,
        spec: GraphSpec,
        hidden_dim: int = 32,
        num_message_passing_steps: int = 10,
        reference_degree: int = 3,
        share_weights: bool = True,
    ) -> None:
        check_widths(reference_degree=reference_degree)
        dim = hidden_dim
        degrees = torch.zeros(reference_degree + 1)  # histogram of degrees: one node of one degree
        degrees[reference_degree] = 1

        def build() -> Residual:
            return Residual(PNAConv(dim, dim, AGGREGATORS, SCALERS, degrees, edge_dim=dim), dim)

        super().__init__(spec, dim, num_message_passing_steps, share_weights, build)

    def step(
        self, state: ConvolutionState, encoded: ConvolutionState, topology: Topology, index: int
    ) -> ConvolutionState:
        """Return the state after one more round, in which only the node states change."""
        del encoded, topology
        return state._replace(x=self.layer(index)(state.x, state.edge_index, state.edge_attr))
