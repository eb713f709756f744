"""The independent recurrent block: nodes, edges and globals are updated independently."""

from torch import nn

from data_gen.spec import GraphSpec
from gn.readout import State, ends
from gn.stepped import SteppedModel
from gn.topology import Topology


class IndependentRecurrent(SteppedModel):
    """e_k' = GRU^e(e_k⁰, e_k);  x_i' = GRU^v(x_i⁰, x_i);  u' = GRU^u(u⁰, u): no ρ.

    The input of each cell is the encoding, at every step; only the readout reads relations.
    Source: Battaglia et al. 2018, figure 4b.

    Args:
        spec: widths in and out.
        hidden_dim: width H of states and hidden layers.
        num_message_passing_steps: the default number of steps.
    """

    def __init__(
        self, spec: GraphSpec, hidden_dim: int = 40, num_message_passing_steps: int = 10
    ) -> None:
        super().__init__(num_message_passing_steps, ends(spec, hidden_dim))
        self.update_edge = nn.GRUCell(hidden_dim, hidden_dim)
        self.update_node = nn.GRUCell(hidden_dim, hidden_dim)
        self.update_global = nn.GRUCell(hidden_dim, hidden_dim)

    def step(self, state: State, encoded: State, topology: Topology, index: int) -> State:
        """Run one step of each cell."""
        del topology, index
        return State(
            self.update_node(encoded.x, state.x),
            self.update_edge(encoded.edge_attr, state.edge_attr),
            self.update_global(encoded.u, state.u),
        )
