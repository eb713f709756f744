"""A convolutional network on the raster that the nodes of a graph form.

N nodes, E edges, B graphs, H width of a state, C channels of a pixel.
"""

import torch
from torch import Tensor, nn
from torch_geometric.data import Batch

from data_gen.spec import GraphOutput, GraphSpec
from gn.kernels.segment import segment_sum
from gn.model import GraphModel, Steps, check_widths
from gn.readout import Encoder, Readout
from gn.topology import Incidence, Topology

OFFSETS = 9  # of a neighbour in the raster: -1, 0, 1 rows by -1, 0, 1 columns
CENTRE = 4  # a node is not its own neighbour


class GridCnn(GraphModel):
    """p⁰ = [x⁰, 1, Σ_k [e_k, 1]_d];  p¹ = σ(K⁰ p⁰);  p^{l+1} = p^l + σ(K^l p^l), K a convolution.

    Each node is a pixel, each graph an image of ⌈√n⌉ columns, each empty pixel 0 at every layer;
    kernels are 3 x 3, and answers are read from the pixels as from states of nodes.
    With positions in the plane (the first two coordinates) nodes fill the rows by y, a row by x: a
    square grid becomes exactly its own raster, other graphs a distorted one. Without, they lie
    there by index. Channels d are the 8 neighbours: of an edge they tell only if it joins
    neighbours in the raster; any other is lost but in its own readout. Nodes at the very same
    point are told apart by their index. Any size can be asked; what a pixel sees ends `num_layers`
    pixels away. Source: LeCun et al. 1989; He et al. 2016 (residual layers); Battaglia et al. 2018,
    table 1 (locality).

    Args:
        spec: widths in and out.
        hidden_dim: width H of the hidden layers and of the channels.
        num_layers: of the convolution.
    """

    def __init__(self, spec: GraphSpec, hidden_dim: int = 24, num_layers: int = 4) -> None:
        super().__init__()
        check_widths(hidden_dim=hidden_dim, num_layers=num_layers)
        self.is_permutation_equivariant = spec.position_dim >= 2
        self.encoder = Encoder(spec, hidden_dim)
        channels = hidden_dim + 1 + (OFFSETS - 1) * (spec.edge_in + 1)
        self.convolutions = nn.ModuleList(
            nn.Conv2d(hidden_dim if layer else channels, hidden_dim, 3, padding=1)
            for layer in range(num_layers)
        )
        self.readout = Readout(spec, hidden_dim, hidden_dim, hidden_dim, hidden_dim)

    def forward(self, batch: Batch, num_message_passing_steps: Steps = None) -> GraphOutput:
        """Outputs [N, node_out], [E, edge_out], [B, global_out], None where not asked for."""
        del num_message_passing_steps
        t = Topology.from_batch(batch)
        state = self.encoder(batch, t)
        row, column = self.raster(batch, t)
        size = t.num_graphs, int(row.max()) + 1, int(column.max()) + 1  # B, rows, columns
        place = (t.node_graph.index * size[1] + row) * size[2] + column  # [N], among all pixels
        ones = state.x.new_ones(t.num_nodes, 1)
        edges = _edge_channels(batch.edge_attr, t, row, column)
        pixels = _image(torch.cat([state.x, ones, edges], dim=1), place, size)  # [B, C, rows, ..]
        is_node = _image(ones, place, size)
        for layer, convolution in enumerate(self.convolutions):
            # an empty pixel stays 0, as what lies beyond the border is: no padding is ever seen
            new = convolution(pixels).relu() * is_node
            pixels = pixels + new if layer else new
        x = pixels.permute(0, 2, 3, 1).flatten(0, 2)[place]
        return self.readout(x, state.edge_attr, state.u, t)

    def raster(self, batch: Batch, topology: Topology) -> tuple[Tensor, Tensor]:
        """Row [N] and column [N] of each node in the image of its graph."""
        nodes = topology.node_graph
        graph = nodes.index
        columns = nodes.counts[graph, 0].double().sqrt().ceil().long()
        index = torch.arange(len(graph), device=graph.device)
        if not self.is_permutation_equivariant:
            within = index - nodes.pointers[graph]
            return within // columns, within % columns
        x, y = batch.x[:, 0], batch.x[:, 1]
        rank = torch.empty_like(index)
        rank[_sorted_by(x, y, graph)] = index
        row = (rank - nodes.pointers[graph]) // columns
        rank[_sorted_by(y, x, row, graph)] = index
        return row, (rank - nodes.pointers[graph]) % columns  # all rows above are full


def _sorted_by(*keys: Tensor) -> Tensor:
    """The order [N] by the last of the keys [N]; where that ties, by the one before it, and so on.

    What ties in all of them stays in the order of its indices.
    """
    order = keys[0].argsort(stable=True)
    for key in keys[1:]:
        order = order[key[order].argsort(stable=True)]
    return order


def _edge_channels(edge_attr: Tensor, t: Topology, row: Tensor, column: Tensor) -> Tensor:
    """For each of a node's 8 neighbours, the edges from there: Σ [e_k, 1], [N, 8 (F + 1)]."""
    senders, receivers = t.senders.index, t.receivers.index
    down, right = row[senders] - row[receivers], column[senders] - column[receivers]
    near = ((down.abs() <= 1) & (right.abs() <= 1)).nonzero()[:, 0]
    offset = (3 * (down + 1) + right + 1)[near]
    values = torch.cat([edge_attr, edge_attr.new_ones(len(edge_attr), 1)], dim=1)[near]
    slots = Incidence(receivers[near] * OFFSETS + offset, t.num_nodes * OFFSETS)
    sums = segment_sum(values, slots).view(t.num_nodes, OFFSETS, -1)
    return torch.cat([sums[:, :CENTRE], sums[:, CENTRE + 1 :]], dim=1).flatten(1)


def _image(values: Tensor, place: Tensor, size: tuple[int, int, int]) -> Tensor:
    """The values [N, C] at their pixels, 0 elsewhere: [B, C, rows, columns]."""
    num_graphs, rows, columns = size
    flat = values.new_zeros(num_graphs * rows * columns, values.shape[1])
    flat = flat.index_copy(0, place, values)
    return flat.view(num_graphs, rows, columns, -1).permute(0, 3, 1, 2)
