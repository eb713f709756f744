"""The relation network: the global state is a function of the sum over all pairs."""

from data_gen.spec import GraphSpec
from gn.block import GraphNetworkBlock, Wiring
from gn.readout import State, ends
from gn.stepped import SteppedModel
from gn.topology import Topology

PAIRS = Wiring(("senders", "receivers"), (), ("all_edges",))  # figure 4e of Battaglia et al. 2018


class RelationNetwork(SteppedModel):
    """e_k' = φ^e(x_s, x_r);  u' = φ^u(Σ_k e_k'): one pass without a node update.

    The pairs are the edges of the graph. Source: Santoro et al. 2017, equation 1; Battaglia et al.
    2018, figure 4e.

    Args:
        spec: widths in and out.
        hidden_dim: width H of states and hidden layers.
    """

    def __init__(self, spec: GraphSpec, hidden_dim: int = 48) -> None:
        super().__init__(1, ends(spec, hidden_dim), has_adjustable_steps=False)
        dim = hidden_dim
        widths = GraphSpec(dim, dim, dim, dim, dim, dim)
        self.block = GraphNetworkBlock.build(widths, [dim, dim], "sum", PAIRS)

    def step(self, state: State, encoded: State, topology: Topology, index: int) -> State:
        """Take the only step; the answer of an edge reads its encoding instead of e_k'."""
        del index
        _, _, u = self.block(*state, topology)
        return State(state.x, encoded.edge_attr, u)
