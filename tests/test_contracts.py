"""What every task and model must keep; read from conf/, so a new one is tested by existing."""

from itertools import product

import pytest
import torch
from torch_geometric.data import Data

from data_gen.cell import Cell
from data_gen.packed import Packed, level
from data_gen.spec import GraphOutput
from tests.conftest import fits, has_parameters, instances, stems, study, the_study

TASKS, MODELS = stems("task"), stems("model")
PAIRS = [pair for pair in product(TASKS, MODELS) if fits(*pair)]
LEARNING = [(task, model) for task, model in PAIRS if has_parameters(model)]


def batch_of(graphs):
    return Packed.pack(graphs).batch(range(len(graphs)))


def build(task_name, model_name, seed=0):
    torch.manual_seed(seed)
    return the_study(f"task={task_name}", f"model={model_name}").build_model().eval()


def constant(spec, batch):
    def filled(rows, width):
        return torch.ones(rows, width) if width else None

    return GraphOutput(
        filled(batch.x.size(0), spec.node_out),
        filled(batch.edge_index.size(1), spec.edge_out),
        filled(batch.num_graphs, spec.global_out),
    )


def relabelled(instance, order):
    """The same instance with its nodes in another order: node order[i] becomes node i."""
    place = torch.empty_like(order)
    place[order] = torch.arange(len(order))
    result = Data()
    for name, value in instance.items():
        result[name] = value[order] if level(name) == "node" else value
    result.edge_index = place[instance.edge_index]
    return result


def without_edges(instance):
    result = Data()
    for name, value in instance.items():
        result[name] = value[:0] if level(name) == "edge" else value
    result.edge_index = instance.edge_index[:, :0]
    return result


def one_node(instance):
    result = without_edges(instance)
    for name, value in instance.items():
        if level(name) == "node":
            result[name] = value[:1]
    return result


def assert_close(output, other):
    for ours, theirs in zip(output, other, strict=True):
        assert (ours is None) == (theirs is None)
        if ours is not None:
            torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("task_name", TASKS)
def test_an_instance_is_a_function_of_seed_cell_and_index(task_name):
    parts = study(f"task={task_name}")
    cell = Cell(parts.task, parts.home_distribution, (8, 16), "test", 3)
    again = Cell(parts.task, parts.home_distribution, (8, 16), "test", 3)
    other_seed = Cell(parts.task, parts.home_distribution, (8, 16), "test", 4)
    other_split = Cell(parts.task, parts.home_distribution, (8, 16), "train", 3)
    first = cell.instances(5, 6)[0]
    same = again.instances(0, 9)[5]
    assert all(torch.equal(first[name], same[name]) for name in first.keys())  # noqa: SIM118
    for other in (other_seed, other_split):
        assert not torch.equal(first.x, other.instances(5, 6)[0].x)


@pytest.mark.parametrize("task_name", TASKS)
def test_widths_are_those_of_the_spec(task_name):
    task, graphs = instances(task_name, 8)
    for graph in graphs:
        assert graph.x.size(1) == task.spec.node_in
        assert graph.edge_attr.size(1) == task.spec.edge_in
        assert graph.u.shape == (1, task.spec.global_in)


@pytest.mark.parametrize("task_name", TASKS)
def test_the_smallest_size_is_an_instance(task_name):
    parts = study(f"task={task_name}")
    task, graphs = instances(task_name, parts.home_distribution.min_size)
    batch = batch_of(graphs)
    assert (next(iter(task.score(task.solution, batch).values())) == 1).all()


@pytest.mark.parametrize("task_name", TASKS)
def test_the_solution_is_perfect_and_a_constant_is_not(task_name):
    task, graphs = instances(task_name, 16, 20)
    batch = batch_of(graphs)
    for values in task.score(task.solution, batch).values():
        assert values.shape == (20,)
        torch.testing.assert_close(values, torch.ones(20))
    first = next(iter(task.score(lambda b: constant(task.spec, b), batch).values()))
    assert first.mean() < 0.5
    assert task.loss(task.solution, batch) < task.loss(lambda b: constant(task.spec, b), batch)


@pytest.mark.parametrize("task_name", TASKS)
def test_relabelling_the_nodes_changes_no_score(task_name):
    task, graphs = instances(task_name, 12)
    moved = [relabelled(graph, torch.randperm(graph.num_nodes)) for graph in graphs]
    batch = batch_of(moved)
    assert (next(iter(task.score(task.solution, batch).values())) == 1).all()


@pytest.mark.parametrize(("task_name", "model_name"), LEARNING)
def test_a_model_learns_from_the_loss(task_name, model_name):
    task, graphs = instances(task_name, 8)
    model = build(task_name, model_name)
    task.loss(model, batch_of(graphs)).backward()
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    assert gradients
    assert all(gradient.isfinite().all() for gradient in gradients)
    assert sum(float(gradient.abs().sum()) for gradient in gradients) > 0


@pytest.mark.parametrize(("task_name", "model_name"), PAIRS)
def test_a_model_does_not_know_the_order_of_nodes_and_edges(task_name, model_name):
    """Or, where it says that it does, lets the order make a difference."""
    _, graphs = instances(task_name, 12, 1)
    model = build(task_name, model_name)
    num_nodes = graphs[0].num_nodes
    order = torch.randperm(num_nodes)
    batch, moved = batch_of(graphs), batch_of([relabelled(graphs[0], order)])
    output, other = model(batch), model(moved)
    # edge k of `batch` is the edge of `moved` between the places its ends went to
    place = torch.empty_like(order)
    place[order] = torch.arange(num_nodes)
    codes = {tuple(pair): k for k, pair in enumerate(moved.edge_index.t().tolist())}
    edges = [codes[tuple(pair)] for pair in place[batch.edge_index].t().tolist()]
    back = GraphOutput(
        None if other.x is None else other.x[place],
        None if other.edge_attr is None else other.edge_attr[edges],
        other.u,
    )
    if model.is_permutation_equivariant:
        assert_close(output, back)
    else:
        pairs = [p for p in zip(output, back, strict=True) if p[0] is not None]
        assert any(not torch.allclose(ours, theirs, rtol=1e-2) for ours, theirs in pairs)


@pytest.mark.parametrize(("task_name", "model_name"), PAIRS)
def test_a_batch_equals_its_graphs(task_name, model_name):
    _, small = instances(task_name, 8, 2)
    _, large = instances(task_name, 13, 2)
    graphs = [*small, *large]
    model = build(task_name, model_name)
    alone = [model(batch_of([graph])) for graph in graphs]
    joined = GraphOutput(
        *(None if parts[0] is None else torch.cat(parts) for parts in zip(*alone, strict=True))
    )
    assert_close(model(batch_of(graphs)), joined)


@pytest.mark.parametrize(("task_name", "model_name"), PAIRS)
def test_a_model_of_size_8_answers_at_size_64(task_name, model_name):
    task, graphs = instances(task_name, 64, 2)
    batch = batch_of(graphs)
    model = build(task_name, model_name)
    if model.max_num_nodes is not None:  # says so, instead of an answer
        assert 8 <= model.max_num_nodes < 64
        with pytest.raises(ValueError, match=f"at most {model.max_num_nodes} are allowed"):
            model(batch)
        return
    output = model(batch)
    for values, rows, width in (
        (output.x, batch.x.size(0), task.spec.node_out),
        (output.edge_attr, batch.edge_index.size(1), task.spec.edge_out),
        (output.u, 2, task.spec.global_out),
    ):
        assert (values is None) == (width == 0)
        assert values is None or (values.shape == (rows, width) and values.isfinite().all())


@pytest.mark.parametrize(("task_name", "model_name"), PAIRS)
@pytest.mark.parametrize("reduced", [without_edges, one_node])
def test_a_model_answers_without_edges_and_for_one_node(task_name, model_name, reduced):
    _, graphs = instances(task_name, 8, 2)
    batch = batch_of([reduced(graphs[0]), graphs[1], reduced(graphs[0])])
    model = build(task_name, model_name)
    for values in model(batch):
        assert values is None or values.isfinite().all()
    for values in model(batch_of([reduced(graphs[0])])):
        assert values is None or values.isfinite().all()
