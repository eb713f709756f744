"""Test the number of steps of models and the rule that stops them."""

import pytest
import torch
from torch_geometric.data import Batch

from data_gen.spec import GraphOutput, GraphSpec
from gn.models.full_gn import FullGraphNetwork
from gn.readout import State
from gn.stepped import SteppedModel, StopRule
from gn.topology import Topology
from tests.conftest import instances, own_task, stems
from tests.gn.conftest import graph
from tests.test_contracts import assert_close, batch_of, build

MODELS = stems("model")
SPEC = GraphSpec(node_in=3, edge_in=2, global_in=4, node_out=1, edge_out=2, global_out=3)


class Halving(SteppedModel):
    """x_t = target + (x_0 - target) / 2^t: a state that converges."""

    def __init__(self):
        super().__init__(5, None)

    def decode(self, state, encoded, topology):
        return GraphOutput(x=state.x)

    def encode(self, batch, topology):
        return State(batch.x[:, :1], batch.edge_attr[:, :1], batch.u[:, :1])

    def step(self, state, encoded, topology, index):
        return state._replace(x=1 + (state.x - 1) / 2)


def halving_batch(starts, sizes):
    graphs = []
    for start, size in zip(starts, sizes, strict=True):
        one = graph(size, size, torch.Generator().manual_seed(0))
        one.x[:] = start
        graphs.append(one)
    return Batch.from_data_list(graphs)


@pytest.mark.parametrize("patience", [1, 2, 3])
def test_steps_end_when_states_are_still(patience):
    """|x_t - x_{t-1}| = |x_0 - 1| / 2^t, relative to x_t, gives the expected number of steps."""
    batch = halving_batch([1.0, 3.0, 1025.0], [40, 40, 40])
    rule = StopRule(tolerance=0.01, patience=patience)
    expected = []
    for start in (1.0, 3.0, 1025.0):
        x, steps, still = start, 0, 0
        while still < patience:
            new = 1 + (x - 1) / 2
            still = still + 1 if abs(new - x) <= 0.01 * abs(new) else 0
            x, steps = new, steps + 1
        expected.append(steps)
    _, steps = Halving().double().settle(batch, rule)
    assert steps.tolist() == expected
    assert expected[0] == patience
    assert expected[0] < expected[1] < expected[2]


class Pausing(Halving):
    """A state that moves only in every second step."""

    def step(self, state, encoded, topology, index):
        return state._replace(x=state.x + index % 2)


@pytest.mark.parametrize(("patience", "expected"), [(1, 1), (2, 6)])
def test_a_pause_is_not_an_end(patience, expected):
    rule = StopRule(tolerance=1e-3, patience=patience)
    _, steps = Pausing().double().settle(halving_batch([1.0], [6]), rule)
    assert steps.tolist() == [expected]


def test_steps_end_at_the_latest_with_the_number_of_nodes():
    batch = halving_batch([1e9, 1e9], [3, 8])
    _, steps = Halving().double().settle(batch, StopRule(tolerance=1e-9))
    assert steps.tolist() == [3, 8]
    rule = StopRule(tolerance=1e-9, max_steps_per_node=0.5)
    assert Halving().double().settle(batch, rule)[1].tolist() == [2, 4]


@torch.no_grad()
def test_a_graph_that_stopped_answers_as_if_alone(graphs):
    model = FullGraphNetwork(SPEC, hidden_dim=8).double()
    rule = StopRule(tolerance=0.05, patience=1, max_steps_per_node=3)
    output, steps = model.settle(Batch.from_data_list(graphs), rule)
    alone = [model.settle(Batch.from_data_list([one]), rule) for one in graphs]
    assert steps.tolist() == [int(s) for _, s in alone]
    assert len(set(steps.tolist())) > 1
    for k, values in enumerate(output):
        torch.testing.assert_close(values, torch.cat([answer[k] for answer, _ in alone]))
    by_number = model(Batch.from_data_list(graphs), steps)
    for values, same in zip(output, by_number, strict=True):
        torch.testing.assert_close(values, same)


@pytest.mark.parametrize(
    "arguments", [{"tolerance": 0}, {"patience": 0}, {"max_steps_per_node": -1.0}]
)
def test_a_stop_rule_that_never_stops_is_refused(arguments):
    with pytest.raises(ValueError, match=next(iter(arguments))):
        StopRule(**arguments)


def test_both_ends_of_a_range_of_steps_are_checked(batch):
    model = FullGraphNetwork(SPEC, hidden_dim=8).double()
    with pytest.raises(ValueError, match="num_message_passing_steps must be at least 1, got 0"):
        model(batch, torch.tensor([1, 2, 0, 3, 4]))


@pytest.mark.parametrize("model_name", MODELS)
def test_the_last_of_all_steps_is_the_answer(model_name):
    task_name = own_task(model_name)
    _, graphs = instances(task_name, 8)
    model, batch = build(task_name, model_name), batch_of(graphs)
    num_steps = 7 if model.has_adjustable_steps else None
    unrolled = model.unroll(batch, num_steps)
    assert len(unrolled) == (num_steps or max(1, model.num_message_passing_steps))
    assert_close(unrolled[-1], model(batch, num_steps))
    if num_steps:
        assert_close(unrolled[2], model(batch, 3))


@pytest.mark.parametrize("model_name", MODELS)
def test_graphs_may_take_different_numbers_of_steps(model_name):
    task_name = own_task(model_name)
    _, graphs = instances(task_name, 8, 3)
    model = build(task_name, model_name)
    each = torch.tensor([2, 5, 1])
    if model.num_message_passing_steps == 0:  # the model ignores the number of steps
        assert_close(model(batch_of(graphs), each), model(batch_of(graphs)))
        return
    if not model.has_adjustable_steps:
        with pytest.raises(ValueError, match=f"must be {model.num_message_passing_steps}, got"):
            model(batch_of(graphs), each)
        return
    parts = [model(batch_of([g]), int(n)) for g, n in zip(graphs, each, strict=True)]
    alone = GraphOutput(*(None if p[0] is None else torch.cat(p) for p in zip(*parts, strict=True)))
    assert_close(model(batch_of(graphs), each), alone)


@pytest.mark.parametrize("num_with_gradient", [1, 3, 7, 20])
def test_steps_without_a_gradient_only_advance_the_state(num_with_gradient):
    """The answers equal those of all steps; the gradient is that of the last steps alone."""
    _, graphs = instances("shortest_path", 8, 2)
    batch = batch_of(graphs)
    model = build("shortest_path", "full_gn")
    full = model.unroll(batch, 7, 3)
    short = model.unroll(batch, 7, 3, num_with_gradient)
    for ours, theirs in zip(short, full, strict=True):
        torch.testing.assert_close(ours.x, theirs.x)
    topology = Topology.from_batch(batch)
    encoded = state = model.encode(batch, topology)
    for index in range(7):
        with torch.set_grad_enabled(index >= 7 - num_with_gradient):
            state = model.step(state, encoded, topology, index)
    by_hand = model.decode(state, encoded, topology)
    weights = list(model.block.parameters())
    found, expected, of_all = (
        torch.cat([g.flatten() for g in torch.autograd.grad(o.x.square().sum(), weights)])
        for o in (short[-1], by_hand, full[-1])
    )
    torch.testing.assert_close(found, expected)
    assert torch.allclose(found, of_all) == (num_with_gradient >= 7)
