"""Compare the configurations of figure 4 with their equations, written out in loops."""

import math

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention
from torch_geometric.data import Batch

from data_gen.spec import GraphSpec
from gn.attention import EdgeAttention
from gn.models.comm_net import CommNet
from gn.models.full_gn import FullGraphNetwork
from gn.models.independent_recurrent import IndependentRecurrent
from gn.models.interaction_network import InteractionNetwork
from gn.models.message_passing import MessagePassing
from gn.models.non_local import NonLocal
from gn.models.recurrent_block import RecurrentGraphNetwork
from gn.models.relation_network import RelationNetwork
from gn.topology import Topology
from tests.gn.loops import block_by_loops, mlp
from tests.gn.step_loops import gru, lstm

SPEC = GraphSpec(node_in=3, edge_in=2, global_in=4, node_out=1, edge_out=2, global_out=3)
H = 6


def after_one_step(model_class, batch, **arguments):
    """Return a float64 model, its encoding, a state, and the state one step later."""
    model = model_class(SPEC, hidden_dim=H, **arguments).double()
    topology = Topology.from_batch(batch)
    encoded = model.encode(batch, topology)
    state = type(encoded)(*(torch.randn_like(part) for part in encoded))
    return model, encoded, state, model.step(state, encoded, topology, 0)


def edges_into(batch, node):
    senders, receivers = batch.edge_index.tolist()
    return [(k, s) for k, (s, r) in enumerate(zip(senders, receivers, strict=True)) if r == node]


def total(parts):
    return sum(parts, torch.zeros(H, dtype=torch.float64))


def assert_rows(found, rows):
    torch.testing.assert_close(found, torch.stack(rows))


@torch.no_grad()
def test_full_gn_is_algorithm_1_on_the_encoding_beside_the_state(batch):
    model, encoded, state, new = after_one_step(FullGraphNetwork, batch, aggregations=["max"])
    for phi in (model.block.update_edge, model.block.update_node, model.block.update_global):
        phi.norm = None  # the reference has no layer norm
    both = Batch(batch=batch.batch, edge_index=batch.edge_index)
    both.x, both.edge_attr, both.u = (torch.cat(p, dim=1) for p in zip(encoded, state, strict=True))
    new = model.step(state, encoded, Topology.from_batch(batch), 0)
    for found, expected in zip(new, block_by_loops(model.block, ["max"], both), strict=True):
        torch.testing.assert_close(found, expected)


@torch.no_grad()
def test_independent_recurrent_is_three_cells(batch):
    model, encoded, state, new = after_one_step(IndependentRecurrent, batch)
    cells = model.update_node, model.update_edge, model.update_global
    for cell, was, inputs, now in zip(cells, state, encoded, new, strict=True):
        assert_rows(now, [gru(cell, i, h) for i, h in zip(inputs, was, strict=True)])


@torch.no_grad()
def test_message_passing_is_gilmers_equations(batch):
    model, encoded, state, new = after_one_step(MessagePassing, batch)
    phi, rows = model.block.update_edge, []
    for i, x in enumerate(state.x):
        messages = [
            mlp(phi, [encoded.edge_attr[k], state.x[s], x, None]) for k, s in edges_into(batch, i)
        ]
        rows.append(gru(model.block.update_node.cell, total(messages), x))
    assert_rows(new.x, rows)


@torch.no_grad()
@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_recurrent_gn_is_a_full_block_with_a_cell_at_the_nodes(batch, cell):
    model, encoded, state, new = after_one_step(
        RecurrentGraphNetwork, batch, cell=cell, aggregations=["sum"]
    )
    graphs, x, u, memory = batch.batch.tolist(), [], [], []
    for i, h in enumerate(state.x):
        into = edges_into(batch, i)
        for k, s in into:
            arguments = [
                torch.cat([encoded.edge_attr[k], state.edge_attr[k]]), state.x[s], h,
                state.u[graphs[i]],
            ]  # fmt: skip
            torch.testing.assert_close(new.edge_attr[k], mlp(model.update_edge, arguments))
        incoming = total([new.edge_attr[k] for k, _ in into])
        inputs = torch.cat([encoded.x[i], incoming, state.u[graphs[i]]])
        if cell == "gru":
            x.append(gru(model.update_node, inputs, h))
        else:
            x.append(lstm(model.update_node, inputs, h, state.node_memory[i])[0])
            memory.append(lstm(model.update_node, inputs, h, state.node_memory[i])[1])
    for g, old in enumerate(state.u):
        nodes = total([x[i] for i, of in enumerate(graphs) if of == g])
        u.append(mlp(model.update_global, [old, nodes]))
    assert_rows(new.x, x)
    assert_rows(new.u, u)
    if memory:
        assert_rows(new.node_memory, memory)


@torch.no_grad()
def test_edge_attention_is_that_of_torch_on_complete_graphs():
    size, heads, dim = 7, 3, 12
    attention = EdgeAttention(dim, heads).double()
    x = torch.randn(2 * size, dim, dtype=torch.float64)
    pairs = torch.cartesian_prod(torch.arange(size), torch.arange(size)).t()
    batch = Batch(
        x=x, edge_index=torch.cat([pairs, pairs + size], dim=1),
        batch=torch.arange(2).repeat_interleave(size), num_graphs=2,
    )  # fmt: skip
    batch._num_graphs = 2
    found = attention(x, Topology.from_batch(batch))
    q, k, v = (
        layer(x).view(2, size, heads, dim // heads).transpose(1, 2)
        for layer in (attention.query, attention.key, attention.value)
    )
    torchs = scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(2 * size, dim)
    torch.testing.assert_close(found, attention.out(torchs))


@torch.no_grad()
def test_non_local_attends_to_senders_alone(batch):
    model, _, state, new = after_one_step(NonLocal, batch, heads=2)
    a, rows = model.attention, []
    z = model.norms[0](state.x)
    for i, x in enumerate(state.x):
        heads = []
        for part in torch.arange(H).chunk(2):
            senders = [z[s] for _, s in edges_into(batch, i)]
            q = (a.query.weight @ z[i])[part]
            scores = [q @ (a.key.weight @ s)[part] / math.sqrt(len(part)) for s in senders]
            weights = torch.stack(scores).softmax(0) if scores else []
            values = [w * (a.value.weight @ s)[part] for w, s in zip(weights, senders, strict=True)]
            heads.append(sum(values, torch.zeros(len(part), dtype=torch.float64)))
        y = x + a.out.weight @ torch.cat(heads)
        rows.append(y + mlp(model.update_node, [model.norms[1](y)]))
    assert_rows(new.x, rows)


@torch.no_grad()
def test_relation_network_is_santoros_equation(batch):
    model, _, state, new = after_one_step(RelationNetwork, batch)
    senders, receivers = batch.edge_index.tolist()
    pairs = [
        mlp(model.block.update_edge, [None, state.x[s], state.x[r], None])
        for s, r in zip(senders, receivers, strict=True)
    ]
    of = batch.batch[batch.edge_index[1]].tolist()

    def of_graph(g):
        return [pair for pair, h in zip(pairs, of, strict=True) if h == g]

    rows = [
        mlp(model.block.update_global, [None, total(of_graph(g)), None])
        for g in range(batch.num_graphs)
    ]
    assert_rows(new.u, rows)
    assert new.x is state.x


@torch.no_grad()
def test_interaction_network_is_battaglias_equations(batch):
    model = InteractionNetwork(SPEC, hidden_dim=H).double()
    topology = Topology.from_batch(batch)
    encoded = model.encode(batch, topology)
    new = model.step(encoded, encoded, topology, 0)
    x, rows = batch.x, []
    for i in range(len(x)):
        effects = [
            mlp(model.block.update_edge, [batch.edge_attr[k], x[s], x[i], None])
            for k, s in edges_into(batch, i)
        ]
        arguments = [x[i], total(effects), batch.u[batch.batch[i]]]
        rows.append(mlp(model.block.update_node, arguments))
    assert_rows(new.x, rows)
    with pytest.raises(ValueError, match="num_message_passing_steps must be 1, got 2"):
        model(batch, 2)


@torch.no_grad()
def test_comm_net_hears_the_mean(batch):
    model, encoded, state, new = after_one_step(CommNet, batch)
    rows = []
    for i, x in enumerate(state.x):
        heard = [state.x[s] for _, s in edges_into(batch, i)]
        mean = total(heard) / max(1, len(heard))
        own = model.own.weight @ x + model.own.bias
        rows.append((own + model.heard.weight @ mean + model.first.weight @ encoded.x[i]).tanh())
    assert_rows(new.x, rows)
