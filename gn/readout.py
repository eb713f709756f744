"""The encoder and readout that most models share: attributes to states, states to answers.

N nodes, E edges, B graphs, H width of a state.
"""

from typing import NamedTuple

from torch import Tensor, nn
from torch_geometric.data import Batch

from data_gen.spec import GraphOutput, GraphSpec
from gn.aggregation import aggregation
from gn.mlp import MLP
from gn.model import check_widths
from gn.topology import Topology


class State(NamedTuple):
    """The state of the graphs of a batch between two steps."""

    x: Tensor  # [N, H]
    edge_attr: Tensor  # [E, H]
    u: Tensor  # [B, H]


class Encoder(nn.Module):
    """x⁰_i = φ^v(x_i, u), e⁰_k = φ^e(e_k), u⁰ = φ^u(u): each an MLP with one hidden layer.

    Args:
        spec: widths in.
        hidden_dim: width H of hidden layers and states.
    """

    def __init__(self, spec: GraphSpec, hidden_dim: int) -> None:
        super().__init__()
        self.node = MLP([spec.node_in, spec.global_in], [hidden_dim], hidden_dim)
        self.edge = MLP([spec.edge_in], [hidden_dim], hidden_dim)
        self.graph = MLP([spec.global_in], [hidden_dim], hidden_dim)

    def forward(self, batch: Batch, topology: Topology) -> State:
        """Encode a batch: states [N, H], [E, H], [B, H]."""
        x = self.node(batch.x, (batch.u, topology.node_graph))
        return State(x, self.edge(batch.edge_attr), self.graph(batch.u))


class Readout(nn.Module):
    """A node answers from (x_i, u), an edge from (e_k, x_s, x_r, u), a graph from (u, ρ(x)).

    ρ is the mean and the maximum, concatenated. Each answer is an MLP with one hidden layer, built
    only if the spec asks for it.

    Args:
        spec: widths out.
        hidden_dim: width of the hidden layers.
        node_dim: width of x.
        edge_dim: width of edge_attr.
        global_dim: width of u; 0: u is not read.
    """

    def __init__(
        self, spec: GraphSpec, hidden_dim: int, node_dim: int, edge_dim: int, global_dim: int = 0
    ) -> None:
        super().__init__()
        hidden = [hidden_dim]
        self.pool = aggregation(["mean", "max"], node_dim)
        self.node = MLP([node_dim, global_dim], hidden, spec.node_out) if spec.node_out else None
        self.edge = (
            MLP([edge_dim, node_dim, node_dim, global_dim], hidden, spec.edge_out)
            if spec.edge_out
            else None
        )
        self.graph = (
            MLP([global_dim, 2 * node_dim], hidden, spec.global_out) if spec.global_out else None
        )

    def forward(
        self, x: Tensor, edge_attr: Tensor, u: Tensor | None, topology: Topology
    ) -> GraphOutput:
        """Compute answers [N, node_out], [E, edge_out], [B, global_out]; None where the width is 0.

        Args:
            x: [N, node_dim].
            edge_attr: [E, edge_dim].
            u: [B, global_dim]; may be None if `global_dim` is 0.
            topology: the senders, receivers and graphs of the batch.
        """
        t = topology
        ends = (x, t.senders), (x, t.receivers)
        return GraphOutput(
            x=self.node(x, (u, t.node_graph)) if self.node else None,
            edge_attr=self.edge(edge_attr, *ends, (u, t.edge_graph)) if self.edge else None,
            u=self.graph(u, self.pool(x, t.node_graph)) if self.graph else None,
        )


def ends(spec: GraphSpec, hidden_dim: int) -> tuple[Encoder, Readout]:
    """Build an encoder and a readout for states x, edge_attr and u of one width H."""
    check_widths(hidden_dim=hidden_dim)
    widths = [hidden_dim] * 4
    return Encoder(spec, hidden_dim), Readout(spec, *widths)
