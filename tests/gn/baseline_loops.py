"""Reference implementations of the baselines, in plain loops over nodes and edges of one graph."""

import math

import torch

from data_gen.spec import GraphOutput
from tests.gn.loops import mlp

OFFSETS = [(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1)]
NEIGHBOURS = [offset for offset in OFFSETS if offset != (0, 0)]


def assert_is(output, graphs, by_hand):
    """Check the answers of a batch against the reference answers, graph by graph."""
    for got, *parts in zip(output[:3], *(by_hand(graph)[:3] for graph in graphs), strict=True):
        torch.testing.assert_close(got, torch.cat(parts))


def stacked(rows, width):
    return torch.stack(rows) if rows else torch.zeros(0, width, dtype=torch.float64)


def answers(model, graph, x):
    """Compute the readout in loops from the node states x."""
    encoder, readout = model.encoder, model.readout
    u = mlp(encoder.graph, [graph.u[0]])
    edges = [
        mlp(readout.edge, [mlp(encoder.edge, [e]), x[s], x[r], u])
        for e, s, r in zip(graph.edge_attr, *graph.edge_index, strict=True)
    ]
    pooled = torch.cat([x.mean(0), x.max(0).values])
    nodes = [mlp(readout.node, [row, u]) for row in x]
    return GraphOutput(
        torch.stack(nodes), stacked(edges, 2), mlp(readout.graph, [u, pooled]).unsqueeze(0)
    )


def encoded(model, graph):
    return torch.stack([mlp(model.encoder.node, [x, graph.u[0]]) for x in graph.x])


def padded_mlp(model, graph, slots):
    n = model.max_num_nodes
    nodes, pairs = torch.zeros(n, 4).double(), torch.zeros(n, n, 3).double()
    for slot, x in zip(slots, graph.x, strict=True):
        nodes[slot, :3], nodes[slot, 3] = x, 1
    for e, s, r in zip(graph.edge_attr, *graph.edge_index, strict=True):
        pairs[slots[r], slots[s], :2] += e
        pairs[slots[r], slots[s], 2] += 1
    out = mlp(model.mlp, [nodes.flatten(), pairs.flatten(), graph.u[0]])
    x, edge_attr, u = out[:n], out[n : n + 2 * n * n].view(n, n, 2), out[n + 2 * n * n :]
    s, r = graph.edge_index
    return GraphOutput(x[slots].unsqueeze(1), edge_attr[slots[r], slots[s]], u.unsqueeze(0))


def lstm(cell, inputs):
    h = c = torch.zeros(cell.hidden_size, dtype=torch.float64)
    for x in inputs:
        gates = cell.weight_ih_l0 @ x + cell.bias_ih_l0 + cell.weight_hh_l0 @ h + cell.bias_hh_l0
        i, f, g, o = gates.view(4, -1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
    return h


def raster(graph, by_position):
    x, y, *_ = graph.x.T.tolist()
    nodes, columns = list(range(graph.num_nodes)), math.isqrt(graph.num_nodes - 1) + 1
    if by_position:
        nodes.sort(key=lambda i: y[i])
    rows = [nodes[k : k + columns] for k in range(0, len(nodes), columns)]
    for row in rows if by_position else []:
        row.sort(key=lambda i: x[i])
    return {node: (a, b) for a, row in enumerate(rows) for b, node in enumerate(row)}


def neighbour_channels(graph, place):
    """Sum [e_k, 1] over the edges from each neighbouring offset of each node."""
    channels = {i: {d: torch.zeros(3).double() for d in NEIGHBOURS} for i in place}
    for e, s, r in zip(graph.edge_attr, *graph.edge_index.tolist(), strict=True):
        offset = tuple(a - b for a, b in zip(place[s], place[r], strict=True))
        if offset in NEIGHBOURS:
            channels[r][offset] += torch.cat([e, torch.ones(1)])
    return channels


def convolution(model, graph, place):
    """Return the node states [n, H], each the pixel at the node's place (row, column)."""
    x, edges = encoded(model, graph), neighbour_channels(graph, place)
    one = torch.ones(1).double()
    pixels = {place[i]: torch.cat([x[i], one, *edges[i].values()]) for i in place}
    for layer, kernel in enumerate(model.convolutions):
        new = {}
        for a, b in pixels:
            products = [
                kernel.weight[:, :, c + 1, d + 1] @ pixels[a + c, b + d]
                for c, d in OFFSETS
                if (a + c, b + d) in pixels
            ]
            new[a, b] = (sum(products) + kernel.bias).relu()
        pixels = {p: pixels[p] + new[p] for p in new} if layer else new
    return torch.stack([pixels[place[i]] for i in range(len(x))])


def attention(layer, graph, x):
    """Return the mixed values of all heads [n, H]."""
    n, dim = x.shape[0], x.shape[1] // layer.heads
    queries, keys, values = layer.queries_keys_values(layer.norms[0](x)).chunk(3, dim=1)
    heads = []
    for head in range(layer.heads):
        own = slice(head * dim, (head + 1) * dim)
        bias, is_edge = torch.zeros(n, n).double(), torch.zeros(n, n).double()
        if layer.bias is not None:
            for e, s, r in zip(graph.edge_attr, *graph.edge_index, strict=True):
                bias[r, s] += layer.bias.weight[head, :2] @ e
                is_edge[r, s] = 1
            bias = bias + is_edge * layer.bias.weight[head, 2]
        logits = queries[:, own] @ keys[:, own].T / math.sqrt(dim) + bias
        heads.append(logits.softmax(dim=1) @ values[:, own])
    return layer.mix(torch.cat(heads, dim=1))
