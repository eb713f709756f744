"""Reference implementation of the graph network block, in loops over concatenated arguments."""

import torch
from torch import nn

REDUCE = {
    "sum": lambda v, _: v.sum(0),
    "mean": lambda v, _: v.mean(0),
    "max": lambda v, _: v.max(0).values,
    "min": lambda v, _: v.min(0).values,
    "std": lambda v, _: v.std(0, correction=0),
    "softmax": lambda v, rho: (
        v * nn.functional.linear(v, rho.score.weight, rho.score.bias).softmax(0)
    ).sum(0),
}


def reduce(rho, names, values, dim):
    parts = rho.parts if len(names) > 1 else [rho]
    if not values:
        return torch.zeros(dim * len(names), dtype=torch.float64)
    stacked = torch.stack(values)
    return torch.cat([REDUCE[name](stacked, p) for name, p in zip(names, parts, strict=True)])


def mlp(phi, arguments, activation=torch.relu):
    """Apply the layers of φ to the concatenation of its arguments."""
    h = torch.cat([a for a, d in zip(arguments, phi.in_dims, strict=True) if d > 0])
    for k, layer in enumerate(phi.layers):
        h = layer(h if k == 0 else activation(h))
    return h


def block_by_loops(block, names, batch):
    x, edge_attr, u = batch.x, batch.edge_attr, batch.u
    senders, receivers = batch.edge_index.tolist()
    graph = batch.batch.tolist()
    nodes, edges, graphs = list(x), list(edge_attr), list(u)
    if block.update_edge is not None:
        edges = [
            mlp(block.update_edge, [edges[k], x[s], x[r], u[graph[r]]])
            for k, (s, r) in enumerate(zip(senders, receivers, strict=True))
        ]
    edge_dim = (
        edges[0].shape[0]
        if edges
        else (block.update_edge.out_dim if block.update_edge else edge_attr.shape[1])
    )
    if block.update_node is not None:
        for i in range(len(nodes)):
            into = [edges[k] for k, r in enumerate(receivers) if r == i]
            rho = block.aggregate_incoming
            incoming = reduce(rho, names, into, edge_dim) if rho else None
            nodes[i] = mlp(block.update_node, [x[i], incoming, u[graph[i]]])
    if block.update_global is not None:
        for g in range(len(graphs)):
            of_g = [edges[k] for k, r in enumerate(receivers) if graph[r] == g]
            nodes_g = [v for i, v in enumerate(nodes) if graph[i] == g]
            rho_e, rho_v = block.aggregate_edges, block.aggregate_nodes
            all_edges = reduce(rho_e, names, of_g, edge_dim) if rho_e else None
            all_nodes = reduce(rho_v, names, nodes_g, len(nodes[0])) if rho_v else None
            graphs[g] = mlp(block.update_global, [u[g], all_edges, all_nodes])
    empty = torch.zeros(0, edge_dim, dtype=x.dtype)
    return torch.stack(nodes), torch.stack(edges) if edges else empty, torch.stack(graphs)
