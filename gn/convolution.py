"""Base class of models built from PyG's convolutions, whose steps change only the node states.

N nodes, E edges, B graphs, H width of a state.
"""

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor, nn
from torch_geometric.data import Batch
from torch_geometric.nn import GINEConv

from data_gen.spec import GraphOutput, GraphSpec
from gn.model import check_one_of
from gn.readout import ends
from gn.stepped import SteppedModel
from gn.topology import Topology

PYG_AGGREGATIONS = ("max", "mean", "min", "sum")


class ConvolutionState(NamedTuple):
    """The state between two steps. Only `x` changes; the rest is the encoding and the edges."""

    x: Tensor  # [N, H]
    edge_attr: Tensor  # [E, H]
    u: Tensor  # [B, H]
    edge_index: Tensor  # [2, E]: row 0 the senders, row 1 the receivers, as in PyG's layers


class ConvolutionModel(SteppedModel):
    """x_t = layer_t(x_{t-1}), with one layer for all steps or one for each.

    A subclass defines the layer, and the arguments of the layer in `step`.

    Args:
        spec: widths in and out.
        hidden_dim: width H of states and hidden layers.
        num_message_passing_steps: the default number of steps.
        share_weights: one layer for all steps, and any number of steps; else one layer for each
            step, and a fixed number of steps.
        build_layer: returns a new layer.
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
        """Compute the encodings x⁰, e⁰ and u⁰."""
        x, edge_attr, u = self.encoder(batch, topology)
        return ConvolutionState(x, edge_attr, u, batch.edge_index)

    def decode(
        self, state: ConvolutionState, encoded: ConvolutionState, topology: Topology
    ) -> GraphOutput:
        """Compute each answer from the node states, e⁰ and u⁰."""
        del encoded
        return self.readout(state.x, state.edge_attr, state.u, topology)


class Residual(nn.Module):
    """x' = LN(x + relu(convolution(x, ...))): bounded for any number of steps.

    Args:
        convolution: maps x [N, dim] and its other arguments to [N, dim].
        dim: the width of x.
    """

    def __init__(self, convolution: nn.Module, dim: int) -> None:
        super().__init__()
        self.convolution = convolution
        self.norm = nn.LayerNorm(dim)

    def forward(self, x: Tensor, *others: Tensor) -> Tensor:
        """Return the new states [N, dim]."""
        return self.norm(x + self.convolution(x, *others).relu())


def gine(in_dim: int, dim: int, aggregation: str) -> GINEConv:
    """φ((1 + ε) x_i + ρ_k relu(x_s + W e_k)): φ an MLP of one hidden layer, ε learned from 0.

    Args:
        in_dim: width of x.
        dim: width of e, of the hidden layer and of the result.
        aggregation: the name of the reduction ρ.
    """
    φ = nn.Sequential(nn.Linear(in_dim, dim), nn.ReLU(), nn.Linear(dim, dim))
    return GINEConv(φ, train_eps=True, edge_dim=dim, aggr=aggregation)


def check_aggregation(name: str) -> None:
    """Raise ValueError for a name that is not in `PYG_AGGREGATIONS`."""
    check_one_of("aggregation", name, PYG_AGGREGATIONS)
