"""A convolutional network on an image with one pixel for each node of a graph.

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

OFFSETS = 9  # offsets of a neighbour in the image: -1, 0, 1 rows by -1, 0, 1 columns
CENTRE = 4  # the offset 0, 0: a node is not its own neighbour


class GridCnn(GraphModel):
    """p⁰ = [x⁰, 1, Σ_k [e_k, 1]_d];  p¹ = σ(K⁰ p⁰);  p^{l+1} = p^l + σ(K^l p^l), K a convolution.

    Each node is a pixel and each graph an image of ⌈√n⌉ columns; empty pixels are 0 at every layer.
    Kernels are 3 x 3, and the readout reads pixels as node states. With positions in the plane (the
    first two coordinates), rows are filled by y and each row is sorted by x: a square grid becomes
    its own image, other graphs are distorted. Without positions, nodes are placed by index. The
    channels d are the 8 neighbouring pixels: an edge enters the image only if it joins neighbouring
    pixels; any other edge is read by its own readout alone. Nodes at the same point are sorted by
    index. The model takes graphs of any size; the receptive field is `num_layers` pixels in each
    direction. Source: LeCun et al. 1989; He et al. 2016 (residual layers); Battaglia et al. 2018,
    table 1 (locality).

    Args:
        spec: widths in and out.
        hidden_dim: width H of the hidden layers and of the channels.
        num_layers: the number of convolutions.
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
        """Return answers [N, node_out], [E, edge_out], [B, global_out]; None where width is 0."""
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
            # Empty pixels stay 0 like the border: a graph's answer does not depend on the padding.
            new = convolution(pixels).relu() * is_node
            pixels = pixels + new if layer else new
        x = pixels.permute(0, 2, 3, 1).flatten(0, 2)[place]
        return self.readout(x, state.edge_attr, state.u, t)

    def raster(self, batch: Batch, topology: Topology) -> tuple[Tensor, Tensor]:
        """Return the row [N] and column [N] of each node in the image of its graph."""
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
    """Return the lexicographic order [N] by keys [N], the last key first; ties stay by index."""
    order = keys[0].argsort(stable=True)
    for key in keys[1:]:
        order = order[key[order].argsort(stable=True)]
    return order


def _edge_channels(edge_attr: Tensor, t: Topology, row: Tensor, column: Tensor) -> Tensor:
    """Sum [e_k, 1] over the edges from each of a node's 8 neighbours: [N, 8 (F + 1)]."""
    senders, receivers = t.senders.index, t.receivers.index
    down, right = row[senders] - row[receivers], column[senders] - column[receivers]
    near = ((down.abs() <= 1) & (right.abs() <= 1)).nonzero()[:, 0]
    offset = (3 * (down + 1) + right + 1)[near]
    values = torch.cat([edge_attr, edge_attr.new_ones(len(edge_attr), 1)], dim=1)[near]
    slots = Incidence(receivers[near] * OFFSETS + offset, t.num_nodes * OFFSETS)
    sums = segment_sum(values, slots).view(t.num_nodes, OFFSETS, -1)
    return torch.cat([sums[:, :CENTRE], sums[:, CENTRE + 1 :]], dim=1).flatten(1)


def _image(values: Tensor, place: Tensor, size: tuple[int, int, int]) -> Tensor:
    """Place the values [N, C] at their pixels, 0 elsewhere: [B, C, rows, columns]."""
    num_graphs, rows, columns = size
    flat = values.new_zeros(num_graphs * rows * columns, values.shape[1])
    flat = flat.index_copy(0, place, values)
    return flat.view(num_graphs, rows, columns, -1).permute(0, 3, 1, 2)
