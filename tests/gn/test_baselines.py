"""Compare each baseline with its formula, node by node and graph by graph."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch_geometric.data import Batch, Data

from data_gen.graphs.distributions.grid import Grid
from data_gen.spec import GraphSpec
from gn.models.deep_sets import DeepSets
from gn.models.frame_lstm import FrameLstm
from gn.models.grid_cnn import GridCnn
from gn.models.node_lstm import NodeLstm
from gn.models.node_mlp import NodeMLP
from gn.models.padded_mlp import PaddedMlp
from gn.models.transformer import Transformer
from gn.topology import Topology
from tests.gn import baseline_loops as by_loops
from tests.gn.loops import mlp

SPEC = GraphSpec(3, 2, 4, node_out=1, edge_out=2, global_out=3, position_dim=2)
FRAMES = replace(SPEC, position_dim=0, num_frames=3)


@pytest.mark.parametrize(("random_slots", "training"), [(False, True), (True, False), (True, True)])
def test_the_padded_mlp_is_one_mlp_of_one_vector(batch, graphs, random_slots, training):
    model = PaddedMlp(SPEC, 8, 2, max_num_nodes=6, random_slots=random_slots).double()
    model.train(training)
    torch.manual_seed(1)
    slots = model.slots(Topology.from_batch(batch))
    torch.manual_seed(1)
    parts = iter(slots.split([graph.num_nodes for graph in graphs]))
    by_loops.assert_is(
        model(batch), graphs, lambda graph: by_loops.padded_mlp(model, graph, next(parts))
    )
    is_given = torch.equal(slots, torch.cat([torch.arange(graph.num_nodes) for graph in graphs]))
    assert is_given != (random_slots and training)


def test_slots_are_drawn_anew_for_every_graph_and_call(batch):
    model = PaddedMlp(SPEC, max_num_nodes=6, random_slots=True)
    topology = Topology.from_batch(Batch.from_data_list([batch[3]] * 50))  # 5 nodes each
    torch.manual_seed(1)
    first, second = model.slots(topology).view(50, 5), model.slots(topology).view(50, 5)
    torch.manual_seed(1)
    assert torch.equal(first, model.slots(topology).view(50, 5))
    assert all(len(set(row)) == 5 for row in first.tolist())
    assert set(first.flatten().tolist()) == set(range(6))
    assert len({tuple(row) for row in first.tolist()}) > 30
    assert (first != second).any()


def test_a_graph_with_more_nodes_than_slots_has_no_answer(batch):
    with pytest.raises(ValueError, match=r"^the number of nodes .* must be at most 4, got 5$"):
        PaddedMlp(SPEC, max_num_nodes=4).double()(batch)


@pytest.mark.parametrize(("order", "training"), [("given", 0), ("random", 0), ("random", 1)])
def test_the_lstm_reads_the_nodes_of_each_graph_by_itself(batch, graphs, order, training):
    model = NodeLstm(SPEC, 6, 2, order).double().train(bool(training))
    torch.manual_seed(1)
    found = model.node_order(Topology.from_batch(batch))
    torch.manual_seed(1)
    starts = iter(batch.ptr.tolist())

    def by_hand(graph):
        start = next(starts)
        nodes = found[start : start + graph.num_nodes] - start
        heard = model.lstm(by_loops.encoded(model, graph)[nodes])[0]  # an unbatched sequence
        x = torch.empty_like(heard)
        for place, node in enumerate(nodes):
            x[node] = heard[place]
        return by_loops.answers(model, graph, x)

    by_loops.assert_is(model(batch), graphs, by_hand)


def ring(size):
    ends = torch.stack([torch.arange(size), torch.arange(size).roll(1)])
    return Data(torch.zeros(size, 3), ends, num_nodes=size)


def test_a_random_order_is_fixed_but_in_training():
    model = NodeLstm(SPEC, order="random").eval()
    sizes = (1, 9, 10, 40, 10)
    batch = Batch.from_data_list([ring(size) for size in sizes])
    orders = model.node_order(Topology.from_batch(batch)).split(sizes)
    for start, size, order in zip(batch.ptr.tolist(), sizes, orders, strict=False):
        alone = model.node_order(Topology.from_batch(Batch.from_data_list([ring(size)])))
        assert torch.equal(order - start, alone)
        assert sorted(alone.tolist()) == list(range(size))
        assert size == 1 or alone.tolist() != list(range(size))
    assert not torch.equal(orders[1] - 1, (orders[2] - 10)[orders[2] < 19])
    topology = Topology.from_batch(batch)
    model.train()
    torch.manual_seed(1)
    first, second = model.node_order(topology), model.node_order(topology)
    torch.manual_seed(1)
    assert torch.equal(first, model.node_order(topology))
    assert not torch.equal(first, second)
    assert torch.equal(batch.batch[first], batch.batch)  # no node leaves its graph


@pytest.mark.parametrize("spec", [FRAMES, SPEC])
def test_the_frame_lstm_reads_the_moments_of_each_node_by_itself(batch, graphs, spec):
    model = FrameLstm(spec, 6).double()

    def by_hand(graph):
        phi, u = model.encoder.node, graph.u[0]
        moments = [x.view(spec.num_frames, -1) for x in graph.x]
        states = [by_loops.lstm(model.lstm, [mlp(phi, [m, u]) for m in of]) for of in moments]
        return by_loops.answers(model, graph, torch.stack(states))

    by_loops.assert_is(model(batch), graphs, by_hand)
    with pytest.raises(ValueError, match=r"a multiple of num_frames \(2\), got 3"):
        FrameLstm(replace(SPEC, num_frames=2))


@pytest.mark.parametrize("size", [1, 2, 5, 12, 16, 17, 64])
def test_a_square_grid_is_its_own_raster(size):
    graph = Grid().draw(size, np.random.default_rng(size))
    x, edges = torch.from_numpy(graph.positions).float(), torch.from_numpy(graph.edges.T)
    data = Data(torch.cat([x, x[:, :1]], dim=1), edges, num_nodes=size)
    batch = Batch.from_data_list([ring(7), data])
    row, column = (v[7:] for v in GridCnn(SPEC).raster(batch, Topology.from_batch(batch)))
    s, r = edges
    assert ((row[s] - row[r]).abs() + (column[s] - column[r]).abs() == 1).all()
    columns = math.isqrt(size - 1) + 1
    assert sorted((row * columns + column).tolist()) == list(range(size))
    row, column = GridCnn(replace(SPEC, position_dim=0)).raster(batch, Topology.from_batch(batch))
    assert torch.equal(row[7:] * columns + column[7:], torch.arange(size))
    assert column[7:].max() < columns


@pytest.mark.parametrize("position_dim", [0, 2])
def test_the_grid_cnn_is_convolution_pixel_by_pixel(batch, graphs, position_dim):
    model = GridCnn(replace(SPEC, position_dim=position_dim), 5, 3).double()

    def by_hand(graph):
        place = by_loops.raster(graph, position_dim == 2)
        return by_loops.answers(model, graph, by_loops.convolution(model, graph, place))

    by_loops.assert_is(model(batch), graphs, by_hand)
    assert model.is_permutation_equivariant == (position_dim == 2)


@pytest.mark.parametrize("edge_bias", [False, True])
def test_the_transformer_attends_within_each_graph(batch, graphs, edge_bias):
    model = Transformer(SPEC, 8, 2, heads=2, edge_bias=edge_bias).double()

    def by_hand(graph):
        x = by_loops.encoded(model, graph)
        for layer in model.layers:
            x = x + by_loops.attention(layer, graph, x)
            x = x + torch.stack([mlp(layer.update, [row]) for row in layer.norms[1](x)])
        return by_loops.answers(model, graph, model.norm(x))

    by_loops.assert_is(model(batch), graphs, by_hand)


@pytest.mark.parametrize("edge_bias", [False, True])
def test_only_with_an_edge_bias_does_attention_see_the_edges(batch, edge_bias):
    model = Transformer(SPEC, edge_bias=edge_bias).double()
    before = model(batch)
    other = batch.clone()
    other.edge_attr = 2 * batch.edge_attr
    after_longer = model(other)
    other.edge_attr, other.edge_index = batch.edge_attr, batch.edge_index.flip(0)
    for after in (after_longer, model(other)):
        assert torch.allclose(before.x, after.x) != edge_bias
        assert torch.allclose(before.u, after.u) != edge_bias
        assert not torch.allclose(before.edge_attr, after.edge_attr)
    with pytest.raises(ValueError, match=r"^heads must be a divisor of hidden_dim \(8\), got 3$"):
        Transformer(SPEC, 8, heads=3)


@pytest.mark.parametrize("model_class", [NodeMLP, DeepSets])
def test_an_edge_reads_its_ends(batch, model_class):
    model = model_class(SPEC, 8).double()
    other = batch.clone()
    other.edge_index = batch.edge_index.flip(0)
    before, after = model(batch), model(other)
    torch.testing.assert_close(before.x, after.x)
    assert not torch.allclose(before.edge_attr, after.edge_attr)


def test_the_ends_are_read_beside_the_edge(batch):
    model = NodeMLP(SPEC, 8).double()
    ends = zip(batch.edge_attr, *batch.edge_index, strict=True)
    by_hand = [mlp(model.edge, [e, batch.x[s], batch.x[r]]) for e, s, r in ends]
    torch.testing.assert_close(model(batch).edge_attr, torch.stack(by_hand))
