"""The transformer: every node attends to every node of its graph.

N nodes, E edges, B graphs, n nodes of the largest graph, H width of a state, h heads.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention
from torch_geometric.data import Batch
from torch_geometric.utils import to_dense_batch

from data_gen.spec import GraphOutput, GraphSpec
from gn.kernels.segment import segment_sum
from gn.mlp import MLP
from gn.model import GraphModel, Steps, check_heads, check_widths
from gn.readout import Encoder, Readout
from gn.topology import Incidence, Topology


class Layer(nn.Module):
    """y = x + W softmax(Q Kᵀ / √d + b) V of LN(x);  x' = y + φ(LN(y)).

    Args:
        dim: width H of x, of all heads together.
        heads: the number of heads h, a divisor of `dim`.
        pair_dim: width of the features of a pair of nodes; None: no features, b = 0.
    """

    def __init__(self, dim: int, heads: int, pair_dim: int | None) -> None:
        super().__init__()
        self.heads = heads
        self.norms = nn.ModuleList(nn.LayerNorm(dim) for _ in range(2))
        self.queries_keys_values = nn.Linear(dim, 3 * dim)
        self.bias = None if pair_dim is None else nn.Linear(pair_dim, heads, bias=False)
        self.mix = nn.Linear(dim, dim)
        self.update = MLP([dim], [2 * dim], dim)

    def forward(self, x: Tensor, graph: Tensor, no_key: Tensor, pairs: Tensor | None) -> Tensor:
        """Return the states after the layer.

        Args:
            x: [N, H].
            graph: the graph of each node [N].
            no_key: [B, 1, 1, n], 0 where the graph has a node, else -∞.
            pairs: [B, n (query), n (key), pair_dim]; None: no pair features.

        Returns:
            [N, H].
        """
        num_graphs, n = no_key.shape[0], no_key.shape[-1]
        dense, is_node = to_dense_batch(
            self.queries_keys_values(self.norms[0](x)),
            graph,
            max_num_nodes=n,
            batch_size=num_graphs,
        )  # [B, n, 3 H]
        parts = dense.view(num_graphs, n, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        queries, keys, values = parts  # [B, h, n, d] each
        logits_bias = no_key.to(dense.dtype)
        if self.bias is not None and pairs is not None:
            logits_bias = logits_bias + self.bias(pairs).permute(0, 3, 1, 2)  # [B, h, n, n]
        heard = scaled_dot_product_attention(queries, keys, values, attn_mask=logits_bias)
        x = x + self.mix(heard.transpose(1, 2).flatten(2)[is_node])
        return x + self.update(self.norms[1](x))


class Transformer(GraphModel):
    """x' = x + W softmax_j(q_i · k_j / √d + b_ij) v_j, then x'' = x' + φ(x'), L times over.

    Each node attends to all nodes of its graph, weighted by content; there is no positional
    encoding but the node's own attributes. Without `edge_bias`, b = 0 and edges are read by their
    own readout alone. With `edge_bias`, b_ij = w · Σ_k e_k + c over the edges k from j to i, and 0
    for pairs without an edge; each head and layer has its own w and c. Attention and φ read
    layer-normalised states. Source: Vaswani et al. 2017; Xiong et al. 2020 (the norm first); the
    bias: Ying et al. 2021, section 3.1 (spatial and edge encoding), of pairs one hop apart.

    Args:
        spec: widths in and out.
        hidden_dim: width H of states, of all heads together.
        num_layers: the number of layers, each with its own weights.
        heads: the number of attention heads, a divisor of `hidden_dim`.
        edge_bias: whether attention reads the edges.

    Raises:
        ValueError: `heads` does not divide `hidden_dim`, or a width is not positive.
    """

    def __init__(
        self,
        spec: GraphSpec,
        hidden_dim: int = 32,
        num_layers: int = 3,
        heads: int = 2,
        edge_bias: bool = False,
    ) -> None:
        super().__init__()
        check_widths(num_layers=num_layers)
        check_heads(hidden_dim, heads)
        self.edge_bias = edge_bias
        pair_dim = spec.edge_in + 1 if edge_bias else None
        self.encoder = Encoder(spec, hidden_dim)
        self.layers = nn.ModuleList(Layer(hidden_dim, heads, pair_dim) for _ in range(num_layers))
        self.norm = nn.LayerNorm(hidden_dim)
        self.readout = Readout(spec, hidden_dim, hidden_dim, hidden_dim, hidden_dim)

    def forward(self, batch: Batch, num_message_passing_steps: Steps = None) -> GraphOutput:
        """Return answers [N, node_out], [E, edge_out], [B, global_out]; None where width is 0."""
        del num_message_passing_steps
        t = Topology.from_batch(batch)
        state = self.encoder(batch, t)
        counts = t.node_graph.counts  # [B, 1]
        n = int(counts.max())
        no_key = (torch.arange(n, device=counts.device) >= counts).view(-1, 1, 1, n)
        no_key = torch.zeros_like(no_key, dtype=state.x.dtype).masked_fill(no_key, -torch.inf)
        pairs = _pairs(batch.edge_attr, t, n) if self.edge_bias else None
        x = state.x
        for layer in self.layers:
            x = layer(x, t.node_graph.index, no_key, pairs)
        return self.readout(self.norm(x), state.edge_attr, state.u, t)


def _pairs(edge_attr: Tensor, t: Topology, n: int) -> Tensor:
    """Compute [Σ_k e_k, 1] over the edges k of each pair, 0 without edges: [B, n, n, F + 1].

    The receiver is the query, the sender the key.
    """
    nodes, receivers = t.node_graph, t.receivers.index
    within = torch.arange(t.num_nodes, device=receivers.device) - nodes.pointers[nodes.index]
    pair = (nodes.index * n + within)[receivers] * n + within[t.senders.index]
    sums = segment_sum(edge_attr, Incidence(pair, t.num_graphs * n * n))
    is_edge = sums.new_zeros(len(sums), 1).index_fill(0, pair, 1)
    return torch.cat([sums, is_edge], dim=1).view(t.num_graphs, n, n, -1)
