"""The interaction network: every relation has an effect, every object sums its effects."""

from dataclasses import replace

from torch import nn
from torch_geometric.data import Batch

from data_gen.spec import GraphOutput, GraphSpec
from gn.block import GraphNetworkBlock, Wiring
from gn.mlp import MLP
from gn.model import check_one_of, check_widths
from gn.readout import Readout, State
from gn.stepped import SteppedModel
from gn.topology import Topology

NODE_UPDATES = ("network", "sum", "sum_and_own")


class InteractionNetwork(SteppedModel):
    """e_k' = φ^e(e_k, x_s, x_r);  c_i = Σ_k e_k';  x_i' = φ^v(x_i, c_i, u): one pass.

    φ^e is the paper's f_R, the sum its aggregation a, φ^v its f_O and u its external effects. There
    is no encoder. With an additive `node_update`, as for forces, the answer of a node is linear in
    x_i' = c_i or x_i' = c_i + φ^v(x_i, u), so that doubled effects double the change, for any
    number of effects. Without φ^v a node without effects has the answer 0. With φ^v, a part common
    to all effects may be learned by φ^v, which is right only while their number is constant.
    Source: Battaglia et al. 2016, equations 2-3.

    Args:
        spec: widths in and out.
        hidden_dim: width H of hidden layers, of effects and of states.
        num_hidden_layers: the number of hidden layers of φ^e and φ^v.
        activation: the activation of φ^e and φ^v.
        node_update: "network": φ^v(x_i, c_i, u), as published; "sum": c_i; "sum_and_own":
            c_i + φ^v(x_i, u).
        reads_positions: whether the model reads the absolute positions of nodes; without them, the
            answer is invariant to translations of the whole system.

    Raises:
        ValueError: `node_update` or `activation` is unknown, or a width is not positive.
    """

    def __init__(
        self,
        spec: GraphSpec,
        hidden_dim: int = 64,
        num_hidden_layers: int = 2,
        activation: str = "relu",
        node_update: str = "network",
        reads_positions: bool = True,
    ) -> None:
        super().__init__(1, None, has_adjustable_steps=False)
        check_widths(hidden_dim=hidden_dim, num_hidden_layers=num_hidden_layers)
        check_one_of("node_update", node_update, NODE_UPDATES)
        self.num_unread = 0 if reads_positions else spec.position_dim
        is_additive = node_update != "network"
        dim, hidden = hidden_dim, [hidden_dim] * num_hidden_layers
        node_in = spec.node_in - self.num_unread
        rest = replace(spec, node_out=0) if is_additive else spec
        self.readout = Readout(rest, dim, dim, dim, spec.global_in)
        widths = GraphSpec(node_in, spec.edge_in, spec.global_in, node_out=dim, edge_out=dim)
        read = {"network": ("x", "incoming", "u"), "sum": (), "sum_and_own": ("x", "u")}[
            node_update
        ]
        wiring = Wiring(("edge_attr", "senders", "receivers"), read, ())
        self.block = GraphNetworkBlock.build(widths, hidden, "sum", wiring, activation)
        self.is_additive = is_additive
        self.of_sums = None
        if is_additive and spec.node_out:
            self.of_sums = nn.Linear(dim, spec.node_out, bias=node_update != "sum")

    def encode(self, batch: Batch, topology: Topology) -> State:
        """Return the attributes unchanged."""
        del topology
        return State(batch.x[:, self.num_unread :], batch.edge_attr, batch.u)

    def step(self, state: State, encoded: State, topology: Topology, index: int) -> State:
        """Take the only step."""
        del encoded, index
        if not self.is_additive:
            return State(*self.block(*state, topology))
        t, (x, edge_attr, u) = topology, state
        update_edge, update_node = self.block.update_edge, self.block.update_node
        assert isinstance(update_edge, MLP)
        effects, incoming = update_edge.with_sums(
            t.receivers, edge_attr, (x, t.senders), (x, t.receivers), (u, t.edge_graph)
        )
        if update_node is not None:
            incoming = incoming + update_node(x, None, (u, t.node_graph))
        return State(incoming, effects, u)

    def decode(self, state: State, encoded: State, topology: Topology) -> GraphOutput:
        """Apply the readout; with additive effects, nodes answer by a linear map of their sum."""
        del encoded
        output = self.readout(*state, topology)
        return output if self.of_sums is None else output._replace(x=self.of_sums(state.x))
