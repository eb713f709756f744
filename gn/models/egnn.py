"""E(n)-equivariant graph network: of the positions, answers depend on distances alone."""

from copy import copy
from dataclasses import replace
from typing import NamedTuple

from torch import Tensor, nn
from torch_geometric.data import Batch

from data_gen.spec import GraphOutput, GraphSpec
from gn.aggregation import Mean
from gn.mlp import MLP
from gn.readout import ends
from gn.segment import gather
from gn.stepped import SteppedModel
from gn.topology import Topology


class EgnnState(NamedTuple):
    """Between two steps h and p change; the rest is the encoding."""

    x: Tensor  # h [N, H]: does not turn or move with the positions
    edge_attr: Tensor  # [E, H]
    u: Tensor  # [B, H]
    node_position: Tensor  # p [N, position_dim]: turns and moves with them


class Egnn(SteppedModel):
    """m = φ^e(e, h_s, h_i, |d|²);  p_i' = p_i + mean_k d φ^x(m);  h_i' = LN(h_i + φ^h(h_i, Σ_k m)).

    The edges k are those that i receives, s is the sender, d = p_i - p_s. The positions p are the
    first `position_dim` columns of x, h⁰ is an encoding of the others (of 1, if there are none) and
    e one of the edge attributes; p acts on h through |d|² alone, and answers read h, e and u⁰. So
    they are invariant to rotations, reflections and translations of the positions, as far as the
    other attributes are: a velocity or a displacement among them is read as if it were. Relu stands
    for the source's SiLU. Source: Satorras et al. 2021, equations 3 to 6, with C = 1 / the number
    of edges that i receives.

    Args:
        spec: widths in and out; with a `position_dim` of 0 there is neither p nor d.
        hidden_dim: width H of h, messages and hidden layers.
        num_message_passing_steps: how many steps are taken if the call does not say.
        is_normalized: whether there is LN, layer normalisation, which the source has not: one set
            of weights serves all steps, of which hundreds would overflow without.
    """

    def __init__(
        self,
        spec: GraphSpec,
        hidden_dim: int = 40,
        num_message_passing_steps: int = 10,
        is_normalized: bool = True,
    ) -> None:
        num_others = max(1, spec.node_in - spec.position_dim)
        super().__init__(
            num_message_passing_steps, ends(replace(spec, node_in=num_others), hidden_dim)
        )
        dim = hidden_dim
        self.position_dim = spec.position_dim
        self.update_edge = MLP([dim, dim, dim, min(1, spec.position_dim)], [dim, dim], None)
        self.update_position = _small(MLP([dim], [dim], 1)) if spec.position_dim else None
        self.update_node = MLP([dim, dim], [dim], dim)
        self.mean = Mean(spec.position_dim)
        self.norm = nn.LayerNorm(dim) if is_normalized else nn.Identity()

    def encode(self, batch: Batch, topology: Topology) -> EgnnState:
        """The encodings h⁰, e, u⁰, and the positions as they are."""
        position, others = batch.x[:, : self.position_dim], batch.x[:, self.position_dim :]
        rest = copy(batch)
        rest.x = others if others.shape[1] else others.new_ones(len(others), 1)
        h, edge_attr, u = self.encoder(rest, topology)
        return EgnnState(h, edge_attr, u, position)

    def step(
        self, state: EgnnState, encoded: EgnnState, topology: Topology, index: int
    ) -> EgnnState:
        """The state after one more round."""
        del encoded, index
        t, (h, edge_attr, _, position) = topology, state
        apart = gather(position, t.receivers) - gather(position, t.senders)  # [E, position_dim]
        squared = apart.square().sum(dim=1, keepdim=True)  # [E, 1]
        messages, incoming = self.update_edge.with_sums(  # equations 3 and 5
            t.receivers, edge_attr, (h, t.senders), (h, t.receivers), squared
        )
        if self.update_position is not None:  # equation 4
            position = position + self.mean(apart * self.update_position(messages), t.receivers)
        h = self.norm(h + self.update_node(h, incoming))  # equation 6
        return state._replace(x=h, node_position=position)

    def decode(self, state: EgnnState, encoded: EgnnState, topology: Topology) -> GraphOutput:
        """Each answer from h, e and u⁰: no position."""
        del encoded
        return self.readout(state.x, state.edge_attr, state.u, topology)


def _small(mlp: MLP) -> MLP:
    """The same with an answer near 0, as the source begins: the positions hardly move at first."""
    last = mlp.layers[-1]
    assert isinstance(last, nn.Linear)
    nn.init.xavier_uniform_(last.weight, gain=0.001)
    nn.init.zeros_(last.bias)
    return mlp
