"""Reference implementations of the steps of the size-transfer models, in plain loops.

Each function returns the new state of node i from the model, i, and all that a node may read.
"""

import math
from typing import NamedTuple

import torch
from torch.nn.functional import leaky_relu

from gn.readout import State
from tests.gn.loops import mlp


class World(NamedTuple):
    encoded: State
    state: State
    into: list  # for each node the incoming pairs (edge, sender)
    graph: list  # the graph of each node
    index: int  # the index of the step


def linear(layer, v):
    return layer.weight @ v + (0 if layer.bias is None else layer.bias)


def layer_norm(norm, v):
    centred = v - v.mean()
    return centred / (centred.square().mean() + 1e-5).sqrt() * norm.weight + norm.bias


def gru(cell, v, h):
    of_v = (cell.weight_ih @ v + cell.bias_ih).chunk(3)
    of_h = (cell.weight_hh @ h + cell.bias_hh).chunk(3)
    reset, update = (of_v[0] + of_h[0]).sigmoid(), (of_v[1] + of_h[1]).sigmoid()
    new = (of_v[2] + reset * of_h[2]).tanh()
    return (1 - update) * new + update * h


def lstm(cell, inputs, state, memory):
    gates = cell.weight_ih @ inputs + cell.bias_ih + cell.weight_hh @ state + cell.bias_hh
    i, f, g, o = gates.chunk(4)
    memory = f.sigmoid() * memory + i.sigmoid() * g.tanh()
    return o.sigmoid() * memory.tanh(), memory


def reduced(name, values, dim):
    if not values:
        return torch.zeros(dim).double()
    stacked = torch.stack(values)
    if name == "std":
        root = stacked.var(0, correction=0).sqrt()
        return torch.where(root > math.sqrt(1e-5), root, 0)  # as in PyG
    return getattr(stacked, {"max": "amax", "min": "amin"}.get(name, name))(0)


def gine(convolution, name, i, x, w):
    messages = [(x[s] + linear(convolution.lin, w.state.edge_attr[k])).relu() for k, s in w.into[i]]
    total = (1 + convolution.eps) * x[i] + reduced(name, messages, len(x[i]))
    return linear(convolution.nn[2], linear(convolution.nn[0], total).relu())


def residual(layer, x, change):
    return layer_norm(layer.norm, x + change.relu())


def gin(model, i, w):
    z, layer = torch.cat([w.encoded.x, w.state.x], dim=1), model.layer(w.index)
    incoming = layer_norm(model.norm, gine(layer, layer.aggr, i, z, w))
    return gru(model.update_node, incoming, w.state.x[i])


def pgn(model, i, w):
    z, e, u = torch.cat([w.encoded.x, w.state.x], dim=1), w.state.edge_attr, w.state.u[w.graph[i]]
    φ_e, φ_v = model.processor.update_edge, model.processor.update_node
    incoming = reduced("max", [mlp(φ_e, [e[k], z[s], z[i], u]) for k, s in w.into[i]], φ_e.out_dim)
    return layer_norm(φ_v.norm, linear(φ_v.layers[0], torch.cat([z[i], incoming])).relu())


def recurrent_gnn(model, i, w):
    z, e, φ = torch.cat([w.encoded.x, w.state.x], dim=1), w.state.edge_attr, model.update_edge
    name = type(model.aggregate_incoming).__name__.lower()
    incoming = reduced(name, [mlp(φ, [e[k], z[s], z[i]]) for k, s in w.into[i]], φ.out_dim)
    return layer_norm(model.norm, gru(model.update_node, incoming, w.state.x[i]))


def graph_sage(model, i, w):
    layer, x = model.layer(w.index), w.state.x
    c, senders = layer.convolution, reduced("mean", [x[s] for _, s in w.into[i]], len(x[i]))
    return residual(layer, x[i], linear(c.lin_r, x[i]) + linear(c.lin_l, senders))


def gat(model, i, w):
    layer, (x, e, *_), into = model.layer(w.index), w.state, w.into[i]
    c, heads = layer.convolution, []
    for head, columns in enumerate(torch.arange(len(x[i])).chunk(c.heads)):
        values = [linear(c.lin_l, x[s])[columns] for _, s in into]
        keys = [(linear(c.lin_r, x[i]) + linear(c.lin_edge, e[k]))[columns] for k, _ in into]
        pairs = zip(values, keys, strict=True)
        exps = [(c.att[0, head] @ leaky_relu(value + key, 0.2)).exp() for value, key in pairs]
        weighted = [a / sum(exps) * value for a, value in zip(exps, values, strict=True)]
        heads.append(reduced("sum", weighted, len(columns)))
    return residual(layer, x[i], torch.cat(heads) + c.bias)


def pna(model, i, w):
    layer, (x, e, *_) = model.layer(w.index), w.state
    c, degree, δ = layer.convolution, len(w.into[i]), torch.tensor(6.0).log().double()
    messages = [
        linear(c.pre_nns[0][0], torch.cat([x[i], x[s], linear(c.edge_encoder, e[k])]))
        for k, s in w.into[i]
    ]
    names = ("mean", "max", "min", "std")
    incoming = torch.cat([reduced(name, messages, len(x[i])) for name in names])
    amplified = math.log(degree + 1) / δ * incoming
    attenuated = δ / math.log(max(degree, 1) + 1) * incoming
    new = linear(c.post_nns[0][0], torch.cat([x[i], incoming, amplified, attenuated]))
    return residual(layer, x[i], linear(c.lin, new))


def gps(model, i, w):
    layer, x = model.layer(w.index), w.state.x
    a, mine, heads = layer.attn, [j for j, g in enumerate(w.graph) if g == w.graph[i]], []
    maps = zip(a.in_proj_weight.chunk(3), a.in_proj_bias.chunk(3), strict=True)
    q, k, v = (x @ weight.T + bias for weight, bias in maps)
    for columns in torch.arange(len(x[i])).chunk(layer.heads):
        scores = torch.stack([q[i, columns] @ k[j, columns] for j in mine])
        attention = (scores / math.sqrt(len(columns))).softmax(0)
        heads.append(sum(b * v[j, columns] for b, j in zip(attention, mine, strict=True)))
    near = x[i] + gine(layer.conv, "sum", i, x, w)
    far = x[i] + linear(a.out_proj, torch.cat(heads))
    y = layer_norm(layer.norm1, near) + layer_norm(layer.norm2, far)
    return layer_norm(layer.norm3, y + linear(layer.mlp[3], linear(layer.mlp[0], y).relu()))


def egnn(model, i, w):
    """Return the new h and p, concatenated."""
    h, e, _, p, _ = w.state
    layer = model.layers[0]
    messages, moves = [], []
    for k, s in w.into[i]:
        d = p[i] - p[s]
        squared = [(d * d).sum().view(1)] if len(d) else [None]
        messages.append(mlp(layer.update_edge, [e[k], h[s], h[i], *squared]).relu())
        moves.append(d * mlp(layer.update_position, [messages[-1]]) if len(d) else d)
    new = h[i] + mlp(layer.update_node, [h[i], reduced("sum", messages, len(h[i]))])
    if isinstance(layer.norm, torch.nn.LayerNorm):
        new = layer_norm(layer.norm, new)
    return torch.cat([new, p[i] + reduced("mean", moves, len(p[i]))])
