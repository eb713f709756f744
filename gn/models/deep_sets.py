"""Deep sets: nodes read a summary of all nodes and all edges, but no relations."""

from collections.abc import Sequence

from torch_geometric.data import Batch

from data_gen.spec import GraphOutput, GraphSpec
from gn.aggregation import aggregation
from gn.mlp import MLP
from gn.model import GraphModel, Steps
from gn.topology import Topology


class DeepSets(GraphModel):
    """u' = ρ(φ(x_i)), ρ(φ(e_k)); every output reads its own attributes and u'.

    The edges are a second set: this is a graph network without messages. The answer of an edge also
    reads φ(x_s) and φ(x_r) of its two nodes, as in every other model.
    Source: Zaheer et al. 2017; Battaglia et al. 2018, figure 4f.

    Args:
        spec: widths in and out.
        hidden_dim: width H of hidden layers and of the embeddings.
        aggregations: the reductions over nodes and over edges, concatenated.
    """

    def __init__(
        self,
        spec: GraphSpec,
        hidden_dim: int = 64,
        aggregations: str | Sequence[str] = ("mean", "max"),
    ) -> None:
        super().__init__()
        dim = hidden_dim
        self.embed_node = MLP([spec.node_in], [dim], dim)
        self.embed_edge = MLP([spec.edge_in], [dim], dim)
        self.pool_nodes = aggregation(aggregations, dim)
        self.pool_edges = aggregation(aggregations, dim)
        pooled = self.pool_nodes.out_dim
        self.update_global = MLP([spec.global_in, pooled, pooled], [dim], dim)
        self.node = MLP([dim, dim], [dim], spec.node_out) if spec.node_out else None
        self.edge = MLP([dim] * 4, [dim], spec.edge_out) if spec.edge_out else None
        self.graph = MLP([dim], [dim], spec.global_out) if spec.global_out else None

    def forward(self, batch: Batch, num_message_passing_steps: Steps = None) -> GraphOutput:
        """Return answers [N, node_out], [E, edge_out], [B, global_out]; None where width is 0."""
        del num_message_passing_steps
        t = Topology.from_batch(batch)
        x, edge_attr = self.embed_node(batch.x), self.embed_edge(batch.edge_attr)
        all_nodes = self.pool_nodes(x, t.node_graph)
        all_edges = self.pool_edges(edge_attr, t.edge_graph)
        u = self.update_global(batch.u, all_edges, all_nodes)
        ends = (x, t.senders), (x, t.receivers)
        return GraphOutput(
            x=self.node(x, (u, t.node_graph)) if self.node else None,
            edge_attr=self.edge(edge_attr, *ends, (u, t.edge_graph)) if self.edge else None,
            u=self.graph(u) if self.graph else None,
        )
