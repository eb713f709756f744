"""The interaction network: every relation has an effect, every object adds up those upon it."""

from torch_geometric.data import Batch

from data_gen.spec import GraphSpec
from gn.block import GraphNetworkBlock, Wiring
from gn.model import check_widths
from gn.readout import Readout, State
from gn.stepped import SteppedModel
from gn.topology import Topology


class InteractionNetwork(SteppedModel):
    """e_k' = φ^e(e_k, x_s, x_r);  c_i = Σ_k e_k';  x_i' = φ^v(x_i, c_i, u): one pass.

    φ^e is the paper's f_R, the sum its aggregation a, φ^v its f_O and u its external effects. They
    read attributes as they are, without an encoder. Source: Battaglia et al. 2016, equations 2-3.

    Args:
        spec: widths in and out.
        hidden_dim: width H of hidden layers, of effects and of states.
    """

    def __init__(self, spec: GraphSpec, hidden_dim: int = 64) -> None:
        super().__init__(1, None, has_adjustable_steps=False)
        check_widths(hidden_dim=hidden_dim)
        self.readout = Readout(spec, hidden_dim, hidden_dim, hidden_dim, spec.global_in)
        widths = GraphSpec(
            spec.node_in, spec.edge_in, spec.global_in, node_out=hidden_dim, edge_out=hidden_dim
        )
        wiring = Wiring(("edge_attr", "senders", "receivers"), ("x", "incoming", "u"), ())
        hidden_dims = [hidden_dim, hidden_dim]
        self.block = GraphNetworkBlock.build(widths, hidden_dims, "sum", wiring)

    def encode(self, batch: Batch, topology: Topology) -> State:
        """The attributes as they are."""
        del topology
        return State(batch.x, batch.edge_attr, batch.u)

    def step(self, state: State, encoded: State, topology: Topology, index: int) -> State:
        """The only one."""
        del encoded, index
        return State(*self.block(*state, topology))
