"""The full graph network: every update reads all the arguments of algorithm 1."""

from collections.abc import Sequence

from data_gen.spec import GraphSpec
from gn.block import GraphNetworkBlock
from gn.readout import State, ends
from gn.stepped import SteppedModel, joined
from gn.topology import Topology


class FullGraphNetwork(SteppedModel):
    """e_k' = φ^e(e_k, x_s, x_r, u);  x_i' = φ^v(x_i, ρ_k e_k', u);  u' = φ^u(u, ρ e', ρ x').

    Each argument is the concatenation of encoding and state, so that every step reads the encoded
    input again. Source: Battaglia et al. 2018, algorithm 1 and figure 4a.

    Args:
        spec: widths in and out.
        hidden_dim: width H of states and hidden layers.
        num_message_passing_steps: the default number of steps.
        aggregations: the reductions of each ρ, concatenated.
    """

    def __init__(
        self,
        spec: GraphSpec,
        hidden_dim: int = 40,
        num_message_passing_steps: int = 10,
        aggregations: str | Sequence[str] = ("max",),
    ) -> None:
        super().__init__(num_message_passing_steps, ends(spec, hidden_dim))
        dim = hidden_dim
        widths = GraphSpec(2 * dim, 2 * dim, 2 * dim, dim, dim, dim)
        self.block = GraphNetworkBlock.build(widths, [dim], aggregations, layer_norm=True)

    def step(self, state: State, encoded: State, topology: Topology, index: int) -> State:
        """Run one round of algorithm 1."""
        del index
        return State(*self.block(*joined(encoded, state), topology))
