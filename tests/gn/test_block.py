from itertools import product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch_geometric.data import Batch, Data

from data_gen.spec import GraphSpec
from gn.aggregation import AGGREGATIONS, aggregation
from gn.block import FULL, GraphNetworkBlock, Wiring
from gn.mlp import MLP
from gn.topology import Topology
from tests.gn.conftest import E, U, X, graph
from tests.gn.loops import block_by_loops

OUT = GraphSpec(node_in=X, edge_in=E, global_in=U, node_out=5, edge_out=6, global_out=7)
MANY = ["sum", "max", "softmax", "std"]


def run(block, batch):
    return block(batch.x, batch.edge_attr, batch.u, Topology.from_batch(batch))


def build(names, φ, ρ):
    """Build a block with the given φ and ρ, each with all available arguments."""
    out_edge = 6 if φ[0] else E
    reductions = [
        aggregation(names, d) if there else None
        for there, d in zip(ρ, (out_edge, out_edge, 5 if φ[1] else X), strict=True)
    ]
    dims = [r.out_dim if r else 0 for r in reductions]
    updates = [MLP([E, X, X, U], [8], 6), MLP([X, dims[0], U], [8], 5), MLP([U, *dims[1:]], [8], 7)]
    kept = [u if there else None for u, there in zip(updates, φ, strict=True)]
    return GraphNetworkBlock(*kept, *reductions).double()


def assert_like_loops(block, names, batch):
    got = run(block, batch)
    want = block_by_loops(block, names, batch)
    for a, b in zip(got, want, strict=True):
        torch.testing.assert_close(a, b)
    parameters = list(block.parameters())
    if parameters:
        weights = [torch.linspace(-1, 1, a.numel(), dtype=a.dtype).view_as(a) for a in got]
        of_got, of_want = (
            torch.autograd.grad(
                sum((o * w).sum() for o, w in zip(outs, weights, strict=True)),
                parameters,
                allow_unused=True,
                materialize_grads=True,
            )
            for outs in (got, want)
        )
        for a, b in zip(of_got, of_want, strict=True):
            torch.testing.assert_close(a, b)


@pytest.mark.parametrize("φ", list(product([True, False], repeat=3)))
@pytest.mark.parametrize("ρ", list(product([True, False], repeat=3)))
def test_every_choice_of_updates_and_reductions_is_the_loops(batch, φ, ρ):
    for names in (["sum"], ["max", "sum"]):
        assert_like_loops(build(names, φ, ρ), names, batch)


@pytest.mark.parametrize("name", AGGREGATIONS)
def test_every_reduction_is_the_loops(batch, name):
    assert_like_loops(build([name], (True,) * 3, (True,) * 3), [name], batch)


FIGURE_4 = {  # the blocks of figure 4 of Battaglia et al. 2018
    "full": FULL,
    "independent": Wiring(("edge_attr",), ("x",), ("u",)),
    "message_passing": Wiring(
        ("edge_attr", "senders", "receivers"), ("x", "incoming"), ("all_nodes",)
    ),
    "non_local": Wiring(("senders", "receivers"), ("incoming",), ()),
    "relation": Wiring(("senders", "receivers"), (), ("all_edges",)),
    "deep_set": Wiring((), ("x", "u"), ("all_nodes",)),
}


@pytest.mark.parametrize("wiring", FIGURE_4.values(), ids=list(FIGURE_4))
def test_every_block_of_figure_4_is_the_loops(batch, wiring):
    block = GraphNetworkBlock.build(OUT, (8,), ["sum"], wiring).double()
    assert_like_loops(block, ["sum"], batch)


def test_an_update_that_takes_no_argument_but_one_is_the_loops(batch):
    for field, names in FULL._asdict().items():
        for name in names:
            block = GraphNetworkBlock.build(OUT, (8,), ["sum"], Wiring(**{field: (name,)}))
            assert_like_loops(block.double(), ["sum"], batch)


def test_edges_in_any_order_are_the_loops(batch, generator):
    order = torch.randperm(batch.num_edges, generator=generator)
    batch.edge_index, batch.edge_attr = batch.edge_index[:, order], batch.edge_attr[order]
    assert_like_loops(build(MANY, (True,) * 3, (True,) * 3), MANY, batch)


def test_many_slices_are_the_loops(batch, monkeypatch):
    monkeypatch.setattr("gn.kernels.fused_mlp.SLICE_BYTES", 3 * 8 * 8)
    for names in (["sum"], ["max"]):
        assert_like_loops(build(names, (True,) * 3, (True,) * 3), names, batch)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), nodes=st.integers(1, 6), edges=st.integers(0, 12))
def test_relabelled_nodes_are_updated_to_the_relabelled_result(seed, nodes, edges):
    generator = torch.Generator().manual_seed(seed)
    g = graph(nodes, edges, generator)
    order = torch.randperm(nodes, generator=generator)
    ends = order.argsort()[g.edge_index]
    by_receiver = torch.randperm(edges, generator=generator)
    by_receiver = by_receiver[ends[1][by_receiver].argsort(stable=True)]
    relabelled = Data(
        x=g.x[order],
        edge_index=ends[:, by_receiver],
        edge_attr=g.edge_attr[by_receiver],
        u=g.u,
    )
    block = GraphNetworkBlock.build(OUT, (8,), MANY).double()
    x, edge_attr, u = run(block, g)
    got = run(block, relabelled)
    for a, b in zip(got, (x[order], edge_attr[by_receiver], u), strict=True):
        torch.testing.assert_close(a, b)


def test_a_batch_equals_its_graphs(batch, graphs):
    block = GraphNetworkBlock.build(OUT, (8,), MANY).double()
    alone = [run(block, g) for g in graphs]
    for got, parts in zip(run(block, batch), zip(*alone, strict=True), strict=True):
        torch.testing.assert_close(got, torch.cat(parts))


@pytest.mark.parametrize("num_nodes", [1, 3])
def test_a_graph_without_edges_has_gradients(generator, num_nodes):
    g = graph(num_nodes, 0, generator)
    block = GraphNetworkBlock.build(OUT, (8,), MANY).double()
    x, edge_attr, u = run(block, g)
    assert (x.shape, edge_attr.shape, u.shape) == ((num_nodes, 5), (0, 6), (1, 7))
    (x.sum() + edge_attr.sum() + u.sum()).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in block.parameters())


def test_a_graph_without_globals_is_updated(batch):
    spec = GraphSpec(node_in=X, edge_in=E, global_in=0, node_out=5, edge_out=6)
    block = GraphNetworkBlock.build(spec, (8,), MANY).double()
    t = Topology.from_batch(batch)
    x, edge_attr, u = block(batch.x, batch.edge_attr, None, t)
    assert u is None
    empty = block(batch.x, batch.edge_attr, batch.u[:, :0], t)
    assert torch.equal(empty[0], x)
    assert torch.equal(empty[1], edge_attr)


@pytest.mark.parametrize("names", [["sum"], ["mean", "softmax"], ["max", "min", "std"]])
@pytest.mark.parametrize("activation", ["tanh", "elu"])
def test_gradients_are_those_of_finite_differences(generator, names, activation):
    batch = Batch.from_data_list([graph(3, 5, generator), graph(2, 3, generator)])
    block = GraphNetworkBlock.build(OUT, (4, 3), names, activation=activation).double()
    t = Topology.from_batch(batch)
    inputs = [batch.x, batch.edge_attr, batch.u, *block.parameters()]

    def outputs(*inputs):
        names = [name for name, _ in block.named_parameters()]
        parameters = dict(zip(names, inputs[3:], strict=True))
        return torch.func.functional_call(block, parameters, (*inputs[:3], t))

    inputs = [i.detach().requires_grad_() for i in inputs]
    assert torch.autograd.gradcheck(outputs, inputs, fast_mode=True)


@pytest.mark.parametrize("names", ["sum", ["mean", "max", "std"], "softmax"])
def test_autocast_is_close(batch, names):
    block = GraphNetworkBlock.build(OUT, (8,), names, layer_norm=True)
    batch = batch.apply(lambda t: t.float() if t.is_floating_point() else t)
    exact = run(block, batch)
    with torch.autocast("cpu", torch.bfloat16):
        rough = run(block, batch)
    sum(r.float().sum() for r in rough).backward()
    for a, b in zip(exact, rough, strict=True):
        torch.testing.assert_close(a, b.float(), rtol=0.1, atol=0.1)
    assert all(p.grad.dtype == torch.float32 for p in block.parameters())


def test_twice_the_same_is_the_same_to_the_bit(generator):
    g = graph(30, 400, generator, torch.float32)
    block = GraphNetworkBlock.build(OUT, (8,), MANY)

    def gradients():
        return torch.autograd.grad(sum(o.sum() for o in run(block, g)), list(block.parameters()))

    assert all(torch.equal(a, b) for a, b in zip(gradients(), gradients(), strict=True))


def test_an_unknown_wiring_is_refused():
    with pytest.raises(ValueError, match="edge_index"):
        GraphNetworkBlock.build(OUT, wiring=Wiring(edge=("edge_index",)))
