"""An LSTM over the nodes of a graph, as if they were a sequence.

N nodes, B graphs, H width of a state.
"""

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from torch_geometric.data import Batch
from torch_geometric.utils import to_dense_batch

from data_gen.spec import GraphOutput, GraphSpec
from gn.model import GraphModel, Steps, check_one_of, check_widths
from gn.readout import Encoder, Readout
from gn.topology import Topology

ORDERS = ("given", "random")


class NodeLstm(GraphModel):
    """h_1, .., h_n = BiLSTM(x⁰_1, .., x⁰_n);  x_i' = φ(h_i, u⁰);  e_k' = φ(e_k⁰, h_s, h_r, u⁰).

    x⁰ encodes x and u: every node reads every other node, but no edge. The LSTM needs an order of
    the nodes, which a graph does not have: "given" is the order of the indices, "random" a
    permutation. In training, a new permutation is drawn for each graph and call; otherwise it is a
    fixed shuffle, a function of the number of nodes alone. Source: Graves and Schmidhuber 2005;
    the random order: Hamilton et al. 2017, section 3.3 (the LSTM aggregator).

    Args:
        spec: widths in and out.
        hidden_dim: width H of the hidden layers and of the LSTM's state in each direction.
        num_layers: the number of layers of the LSTM.
        order: the order of the nodes, "given" or "random".

    Raises:
        ValueError: `order` is unknown, or a width is not positive.
    """

    is_permutation_equivariant = False

    def __init__(
        self, spec: GraphSpec, hidden_dim: int = 24, num_layers: int = 2, order: str = "given"
    ) -> None:
        super().__init__()
        check_widths(hidden_dim=hidden_dim, num_layers=num_layers)
        check_one_of("order", order, ORDERS)
        self.order = order
        self.encoder = Encoder(spec, hidden_dim)
        self.lstm = nn.LSTM(
            hidden_dim, hidden_dim, num_layers, batch_first=True, bidirectional=True
        )
        self.readout = Readout(spec, hidden_dim, 2 * hidden_dim, hidden_dim, hidden_dim)

    def forward(self, batch: Batch, num_message_passing_steps: Steps = None) -> GraphOutput:
        """Return answers [N, node_out], [E, edge_out], [B, global_out]; None where width is 0."""
        del num_message_passing_steps
        t = Topology.from_batch(batch)
        state = self.encoder(batch, t)
        order = self.node_order(t)
        in_order, is_node = to_dense_batch(
            state.x[order], t.node_graph.index, batch_size=t.num_graphs
        )  # [B, n, H]
        lengths = t.node_graph.counts[:, 0].cpu()
        packed = pack_padded_sequence(in_order, lengths, batch_first=True, enforce_sorted=False)
        x, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True)  # [B, n, 2 H]
        x = x[is_node][order.argsort()]  # [N, 2 H], back in the original order
        return self.readout(x, state.edge_attr, state.u, t)

    def node_order(self, topology: Topology) -> Tensor:
        """Return the nodes in the order in which they are read [N], graph after graph."""
        graph = topology.node_graph.index
        nodes = torch.arange(len(graph), device=graph.device)
        if self.order == "given":
            return nodes
        if self.training:
            key = torch.rand(len(graph), device=graph.device)
        else:
            within = nodes - topology.node_graph.pointers[graph]
            key = _hash(within, topology.node_graph.counts[graph, 0])
        by_key = key.argsort(stable=True)
        return by_key[graph[by_key].argsort(stable=True)]


def _hash(index: Tensor, num_nodes: Tensor) -> Tensor:
    """Hash each index to 32 pseudo-random bits, distinct within a graph [N]: multiply-xorshift.

    No product reaches 2^63.
    """
    low = 0xFFFFFFFF
    key = (num_nodes * 0x9E3779B1 + index) & low
    for _ in range(2):
        key = ((key ^ (key >> 16)) * 0x45D9F3B) & low
    return key ^ (key >> 16)
