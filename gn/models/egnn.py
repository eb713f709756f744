"""E(n)-equivariant graph network: answers depend on positions through distances alone."""

from copy import copy
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch_geometric.data import Batch

from data_gen.spec import GraphOutput, GraphSpec
from gn.aggregation import Mean
from gn.kernels.segment import gather
from gn.mlp import MLP
from gn.readout import ends
from gn.stepped import SteppedModel
from gn.topology import Topology


class EgnnState(NamedTuple):
    """The state between two steps. h and p change; the rest is the encoding."""

    x: Tensor  # h [N, H]: invariant to rotations and translations of the positions
    edge_attr: Tensor  # [E, H]
    u: Tensor  # [B, H]
    node_position: Tensor  # p [N, position_dim]: rotates and translates with the positions
    node_vectors: Tensor  # v [N, node_vectors position_dim]: rotates with the positions


class Layer(nn.Module):
    """One round of the equations of `Egnn`.

    Args:
        dim: width H.
        spec: the spec with the numbers of positions and vectors.
        is_normalized: whether node states are layer-normalised (LN).
        activation: the activation of all φ.
    """

    def __init__(self, dim: int, spec: GraphSpec, is_normalized: bool, activation: str) -> None:
        super().__init__()
        has_positions = min(1, spec.position_dim)
        self.update_edge = MLP([dim, dim, dim, has_positions], [dim, dim], None, activation)
        self.update_position = _small(MLP([dim], [dim], 1, activation)) if has_positions else None
        self.update_node = MLP([dim, dim], [dim], dim, activation)
        self.mean = Mean(spec.position_dim)
        self.norm = nn.LayerNorm(dim) if is_normalized else nn.Identity()
        vectors = spec.node_vectors
        self.scale_vectors = MLP([dim], [dim], vectors, activation) if vectors else None

    def forward(self, state: EgnnState, t: Topology) -> EgnnState:
        """Return the state after one round."""
        h, edge_attr, _, position, vectors = state
        apart = gather(position, t.receivers) - gather(position, t.senders)  # [E, position_dim]
        squared = apart.square().sum(dim=1, keepdim=True)  # [E, 1]
        messages, incoming = self.update_edge.with_sums(  # equations 3 and 5
            t.receivers, edge_attr, (h, t.senders), (h, t.receivers), squared
        )
        if self.update_position is not None:  # equation 4
            position = position + self.mean(apart * self.update_position(messages), t.receivers)
        if self.scale_vectors is not None:  # equation 7
            scales = self.scale_vectors(h).unsqueeze(2)  # [N, node_vectors, 1]
            position = position + (scales * vectors.view(len(h), scales.shape[1], -1)).sum(dim=1)
        h = self.norm(h + self.update_node(h, incoming))  # equation 6
        return state._replace(x=h, node_position=position)


class Egnn(SteppedModel):
    """m = φ^e(e, h_s, h_i, |d|²);  p_i' = p_i + mean_k d φ^x(m);  h_i' = LN(h_i + φ^h(h_i, Σ_k m)).

    The edges k are those that i receives, s is the sender, d = p_i - p_s. The positions p are the
    first `position_dim` columns of x; h⁰ encodes the other columns (or 1 if there are none) and e
    encodes the edge attributes. p acts on h through |d|² alone, and answers read h, e and u⁰. The
    answers are therefore invariant to rotations, reflections and translations of the positions if
    the other attributes are. An attribute that is a vector (a velocity, a displacement) breaks the
    invariance unless the spec declares it as a vector: h⁰ and e then read its length, and p_i' gets
    the extra term φ^v(h_i) v_i. A node answer that is a vector is the displacement of p over all
    steps, which rotates with the positions. Source: Satorras et al. 2021, equations 3 to 7, with
    C = 1 / the number of edges that i receives.

    Args:
        spec: widths in and out; with a `position_dim` of 0 there is neither p nor d.
        hidden_dim: width H of h, messages and hidden layers.
        num_message_passing_steps: the default number of steps.
        is_normalized: whether there is layer normalisation LN, an addition to the source: with one
            set of weights for all steps, states would overflow after hundreds of steps without it.
        share_weights: one set of weights for all steps, and any number of steps; else one set for
            each step, as in the source, and a fixed number of steps.
        activation: the activation of all φ; "silu" in the source.

    Raises:
        ValueError: the answer is a vector of another dimension than the positions.
    """

    def __init__(
        self,
        spec: GraphSpec,
        hidden_dim: int = 40,
        num_message_passing_steps: int = 10,
        is_normalized: bool = True,
        share_weights: bool = True,
        activation: str = "relu",
    ) -> None:
        if spec.is_vector and spec.node_out != spec.position_dim:
            raise ValueError(f"node_out must be {spec.position_dim}, got {spec.node_out}")
        self.spec = spec
        both_ends = ends(_invariant(spec), hidden_dim)
        super().__init__(num_message_passing_steps, both_ends, share_weights)
        num_layers = 1 if share_weights else num_message_passing_steps
        self.layers = nn.ModuleList(
            Layer(hidden_dim, spec, is_normalized, activation) for _ in range(num_layers)
        )

    def encode(self, batch: Batch, topology: Topology) -> EgnnState:
        """Compute the encodings h⁰, e and u⁰; keep positions and vectors unchanged."""
        dim, spec = self.spec.position_dim, self.spec
        position, others = batch.x[:, :dim], batch.x[:, dim:]
        rest = copy(batch)
        rest.x, vectors = _apart(others, spec.node_vectors, dim)
        rest.edge_attr, _ = _apart(batch.edge_attr, spec.edge_vectors, dim)
        if not rest.x.shape[1]:
            rest.x = others.new_ones(len(others), 1)
        h, edge_attr, u = self.encoder(rest, topology)
        return EgnnState(h, edge_attr, u, position, vectors)

    def step(
        self, state: EgnnState, encoded: EgnnState, topology: Topology, index: int
    ) -> EgnnState:
        """Return the state after one more round."""
        del encoded
        return self.layers[index % len(self.layers)](state, topology)

    def decode(self, state: EgnnState, encoded: EgnnState, topology: Topology) -> GraphOutput:
        """Compute answers from h, e and u⁰; a vector answer is the displacement of p."""
        output = self.readout(state.x, state.edge_attr, state.u, topology)
        if not self.spec.is_vector:
            return output
        return output._replace(x=state.node_position - encoded.node_position)


def _invariant(spec: GraphSpec) -> GraphSpec:
    """Return the widths of the invariant attributes: every vector is replaced by its length."""
    dim = spec.position_dim
    node_in = spec.node_in - dim - spec.node_vectors * (dim - 1)
    edge_in = spec.edge_in - spec.edge_vectors * (dim - 1)
    node_out = 0 if spec.is_vector else spec.node_out
    return replace(spec, node_in=max(1, node_in), edge_in=edge_in, node_out=node_out)


def _apart(values: Tensor, num_vectors: int, dim: int) -> tuple[Tensor, Tensor]:
    """Split off the leading vectors: invariant values [M, F], vectors [M, num_vectors dim]."""
    if not num_vectors:
        return values, values[:, :0]
    vectors, scalars = values[:, : num_vectors * dim], values[:, num_vectors * dim :]
    lengths = vectors.reshape(len(values), num_vectors, dim).norm(dim=2)
    return torch.cat([lengths, scalars], dim=1), vectors


def _small(mlp: MLP) -> MLP:
    """Initialise the last layer near 0, as in the source: at first positions hardly move."""
    last = mlp.layers[-1]
    assert isinstance(last, nn.Linear)
    nn.init.xavier_uniform_(last.weight, gain=0.001)
    nn.init.zeros_(last.bias)
    return mlp
