"""What models of PyG's convolutions share: steps that change the states of the nodes alone.

N nodes, E edges, B graphs, H width of a state.
"""

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor, nn
from torch_geometric.data import Batch
from torch_geometric.nn import GINEConv

from data_gen.spec import GraphOutput, GraphSpec
from gn.readout import ends
from gn.stepped import SteppedModel
from gn.topology import Topology

PYG_AGGREGATIONS = ("max", "mean", "min", "sum")


class ConvolutionState(NamedTuple):
    """Between two steps only `x` changes; the rest is the encoding, and who sends to whom."""

    x: Tensor  # [N, H]
    edge_attr: Tensor  # [E, H]
    u: Tensor  # [B, H]
    edge_index: Tensor  # [2, E]: row 0 sends, row 1 receives, as PyG's layers have it


class ConvolutionModel(SteppedModel):
    """x_t = layer_t(x_{t-1}), with one layer for all steps or one for each.

    A subclass says what a layer is, and in `step` what it reads.

    Args:
        spec: widths in and out.
        hidden_dim: width H of states and hidden layers.
        num_message_passing_steps: how many steps are taken if the call does not say.
        share_weights: one layer for all steps, of which any number can be taken; else one for each
            step, and the number is fixed.
        build_layer: makes a layer.
    """

    def __init__(
        self,
        spec: GraphSpec,
        hidden_dim: int,
        num_message_passing_steps: int,
        share_weights: bool,
        build_layer: Callable[[], nn.Module],
    ) -> None:
        super().__init__(num_message_passing_steps, ends(spec, hidden_dim), share_weights)
        num_layers = 1 if share_weights else num_message_passing_steps
        self.layers = nn.ModuleList(build_layer() for _ in range(num_layers))

    def layer(self, index: int) -> nn.Module:
        """The layer of step `index`."""
        return self.layers[index % len(self.layers)]

    def encode(self, batch: Batch, topology: Topology) -> ConvolutionState:
        """x⁰, e⁰ and u⁰."""
        x, edge_attr, u = self.encoder(batch, topology)
        return ConvolutionState(x, edge_attr, u, batch.edge_index)

    def decode(
        self, state: ConvolutionState, encoded: ConvolutionState, topology: Topology
    ) -> GraphOutput:
        """Each answer from the states of its nodes, e⁰ and u⁰."""
        del encoded
        return self.readout(state.x, state.edge_attr, state.u, topology)


class Residual(nn.Module):
    """x' = LN(x + relu(convolution(x, ...))): bounded however often it is taken.

    Args:
        convolution: from x [N, dim], and whatever else it reads, to [N, dim].
        dim: the width of x.
    """

    def __init__(self, convolution: nn.Module, dim: int) -> None:
        super().__init__()
        self.convolution = convolution
        self.norm = nn.LayerNorm(dim)

    def forward(self, x: Tensor, *others: Tensor) -> Tensor:
        """The new states [N, dim]."""
        return self.norm(x + self.convolution(x, *others).relu())


def gine(in_dim: int, dim: int, aggregation: str) -> GINEConv:
    """φ((1 + ε) x_i + ρ_k relu(x_s + W e_k)): φ an MLP of one hidden layer, ε learned from 0.

    Args:
        in_dim: width of x.
        dim: width of e, of the hidden layer and of the result.
        aggregation: ρ.
    """
    φ = nn.Sequential(nn.Linear(in_dim, dim), nn.ReLU(), nn.Linear(dim, dim))
    return GINEConv(φ, train_eps=True, edge_dim=dim, aggr=aggregation)


def check_aggregation(name: str) -> None:
    """Raise ValueError for what is not one of the reductions that PyG's layers are given."""
    if name not in PYG_AGGREGATIONS:
        raise ValueError(f"aggregation={name!r}: must be one of {list(PYG_AGGREGATIONS)}")
