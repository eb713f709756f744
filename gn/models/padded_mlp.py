"""The padded MLP: an instance as one vector of fixed length, node i in slot i.

N nodes, E edges, B graphs, n slots.
"""

import torch
from torch import Tensor
from torch_geometric.data import Batch

from data_gen.spec import GraphOutput, GraphSpec
from gn.kernels.segment import segment_sum
from gn.mlp import MLP
from gn.model import GraphModel, Steps, check_widths
from gn.topology import Incidence, Topology


class PaddedMlp(GraphModel):
    """[x', e', u'] = φ([x_i, 1]_i, [Σ_k e_k, Σ_k 1]_ij, u), i and j in n slots, k the edges j → i.

    Empty slots and pairs without an edge hold zeros. An edge reads the output of its pair of nodes,
    so that parallel edges have equal answers. Every slot has its own weights: the model has no
    inductive bias about symmetry, order or relations of nodes. A graph with more nodes than slots
    has no answer. Source: Battaglia et al. 2016 (the MLP baseline); Wang et al. 2018 (NerveNet, the
    baseline MLPP).

    Args:
        spec: widths in and out.
        hidden_dim: width H of the hidden layers.
        num_hidden_layers: the number of hidden layers.
        max_num_nodes: the number of slots n.
        random_slots: whether in training the nodes of each graph are put in random slots, drawn
            anew at every call; outside training, node i of a graph is in slot i.
    """

    is_permutation_equivariant = False

    def __init__(
        self,
        spec: GraphSpec,
        hidden_dim: int = 64,
        num_hidden_layers: int = 2,
        max_num_nodes: int = 16,
        random_slots: bool = False,
    ) -> None:
        super().__init__()
        check_widths(
            hidden_dim=hidden_dim, num_hidden_layers=num_hidden_layers, max_num_nodes=max_num_nodes
        )
        self.max_num_nodes = self.num_slots = max_num_nodes
        self.random_slots = random_slots
        self.widths = spec.node_out, spec.edge_out, spec.global_out
        n = max_num_nodes
        in_dims = [n * (spec.node_in + 1), n * n * (spec.edge_in + 1), spec.global_in]
        self.out_dims = [n * spec.node_out, n * n * spec.edge_out, spec.global_out]
        self.mlp = MLP(in_dims, [hidden_dim] * num_hidden_layers, sum(self.out_dims))

    def forward(self, batch: Batch, num_message_passing_steps: Steps = None) -> GraphOutput:
        """Return answers [N, node_out], [E, edge_out], [B, global_out]; None where width is 0."""
        del num_message_passing_steps
        t, n = Topology.from_batch(batch), self.num_slots
        slots = self.slots(t)
        place = t.node_graph.index * n + slots  # [N], among the B n slots
        pair = place[t.receivers.index] * n + slots[t.senders.index]  # [E], among the B n n pairs
        nodes = _with_ones(batch.x)
        nodes = nodes.new_zeros(t.num_graphs * n, nodes.shape[1]).index_copy(0, place, nodes)
        pairs = segment_sum(_with_ones(batch.edge_attr), Incidence(pair, t.num_graphs * n * n))
        flat = (values.view(t.num_graphs, -1) for values in (nodes, pairs))
        x, edge_attr, u = self.mlp(*flat, batch.u).split(self.out_dims, dim=1)
        node_out, edge_out, global_out = self.widths
        return GraphOutput(
            x=x.reshape(-1, node_out)[place] if node_out else None,
            edge_attr=edge_attr.reshape(-1, edge_out)[pair] if edge_out else None,
            u=u if global_out else None,
        )

    def slots(self, topology: Topology) -> Tensor:
        """Return the slot of each node [N], from 0 to n - 1.

        Raises:
            ValueError: a graph has more nodes than there are slots.
        """
        nodes, n = topology.node_graph, self.num_slots
        largest = int(nodes.counts.max())
        if largest > n:
            raise ValueError(f"the number of nodes of a graph must be at most {n}, got {largest}")
        graph = nodes.index
        within = torch.arange(len(graph), device=graph.device) - nodes.pointers[graph]
        if not (self.random_slots and self.training):
            return within
        shuffled = torch.rand(nodes.num_rows, n, device=graph.device).argsort(dim=1)  # [B, n]
        return shuffled[graph, within]


def _with_ones(values: Tensor) -> Tensor:
    """Append a column of ones that marks existing rows: [M, F] -> [M, F + 1]."""
    return torch.cat([values, values.new_ones(len(values), 1)], dim=1)
