"""Per-node MLP: every node and every edge answers from its own attributes (no relations)."""

from torch_geometric.data import Batch

from data_gen.spec import GraphOutput, GraphSpec
from gn.mlp import MLP
from gn.model import GraphModel, Steps
from gn.topology import Topology


class NodeMLP(GraphModel):
    """x_i' = φ^v(x_i), e_k' = φ^e(e_k, x_s, x_r), u' = φ^u(u): a graph network without any ρ.

    A control without relations: a node reads itself, an edge reads itself and its two nodes.
    Source: Battaglia et al. 2018, section 4.2, the independent block of figure 4b.

    Args:
        spec: widths in and out.
        hidden_dim: width H of the hidden layers.
        num_hidden_layers: the number of hidden layers.
    """

    def __init__(
        self,
        spec: GraphSpec,
        hidden_dim: int = 64,
        num_hidden_layers: int = 2,
    ) -> None:
        super().__init__()
        hidden = [hidden_dim] * num_hidden_layers
        read = [spec.edge_in, spec.node_in, spec.node_in]
        self.node = MLP([spec.node_in], hidden, spec.node_out) if spec.node_out else None
        self.edge = MLP(read, hidden, spec.edge_out) if spec.edge_out else None
        self.graph = MLP([spec.global_in], hidden, spec.global_out) if spec.global_out else None

    def forward(self, batch: Batch, num_message_passing_steps: Steps = None) -> GraphOutput:
        """Return answers [N, node_out], [E, edge_out], [B, global_out]; None where width is 0."""
        del num_message_passing_steps
        t = Topology.from_batch(batch)
        ends = (batch.x, t.senders), (batch.x, t.receivers)
        return GraphOutput(
            x=self.node(batch.x) if self.node else None,
            edge_attr=self.edge(batch.edge_attr, *ends) if self.edge else None,
            u=self.graph(batch.u) if self.graph else None,
        )
