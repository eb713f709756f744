"""The linear model: a baseline without nonlinearities or message passing."""

from torch_geometric.data import Batch

from data_gen.spec import GraphOutput, GraphSpec
from gn.kernels.segment import segment_sum
from gn.mlp import MLP
from gn.model import GraphModel, Steps
from gn.topology import Topology


class Linear(GraphModel):
    """x_i' = W [x_i, Σ_k e_k, u];  e_k' = W [e_k, x_s, x_r, u];  u' = W [u, Σ_i x_i], each + b.

    The sums are over the edges that i receives and over all nodes. Source: a generalisation of the
    linear baseline of Satorras et al. 2021, table 2, x + t v with one learned t.

    Args:
        spec: widths in and out.
    """

    def __init__(self, spec: GraphSpec) -> None:
        super().__init__()
        n, e, u = spec.node_in, spec.edge_in, spec.global_in
        self.node = MLP([n, e, u], [], spec.node_out) if spec.node_out else None
        self.edge = MLP([e, n, n, u], [], spec.edge_out) if spec.edge_out else None
        self.graph = MLP([u, n], [], spec.global_out) if spec.global_out else None

    def forward(self, batch: Batch, num_message_passing_steps: Steps = None) -> GraphOutput:
        """Return answers [N, node_out], [E, edge_out], [B, global_out]; None where width is 0."""
        del num_message_passing_steps
        t, x, e, u = Topology.from_batch(batch), batch.x, batch.edge_attr, batch.u
        ends = (x, t.senders), (x, t.receivers)
        received, all_nodes = segment_sum(e, t.receivers), segment_sum(x, t.node_graph)
        return GraphOutput(
            x=self.node(x, received, (u, t.node_graph)) if self.node else None,
            edge_attr=self.edge(e, *ends, (u, t.edge_graph)) if self.edge else None,
            u=self.graph(u, all_nodes) if self.graph else None,
        )
