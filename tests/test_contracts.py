"""The contracts of all tasks and models, read from conf/ so that new ones are tested at once."""

from itertools import product

import numpy as np
import pytest
import torch

from data_gen.cell import Cell
from data_gen.packed import Packed, consecutive
from data_gen.spec import GraphOutput
from tests.conftest import fits, has_parameters, instances, is_sampled, stems, study, the_study
from tests.contracts import (
    are_equal,
    assert_close,
    assert_near,
    batch_of,
    build,
    constant,
    first_score,
    judged,
    one_node,
    precise,
    refuses,
    relabelled,
    shuffled,
    there_and_back,
    without_edges,
)

TASKS, MODELS = stems("task"), stems("model")
SOME_MODELS = ("deep_sets", "encode_process_decode", "linear")  # tried with every task
PAIRS = [
    pytest.param(*pair, marks=() if is_sampled(*pair, SOME_MODELS) else pytest.mark.slow)
    for pair in product(TASKS, MODELS)
    if fits(*pair)
]
LEARNING = [pair for pair in PAIRS if has_parameters(pair.values[1])]


@pytest.mark.parametrize("task_name", TASKS)
def test_an_instance_is_a_function_of_seed_cell_and_index(task_name):
    parts = study(f"task={task_name}")
    cell = Cell(parts.task, parts.home_distribution, (8, 16), "test", 3)
    again = Cell(parts.task, parts.home_distribution, (8, 16), "test", 3)
    other_seed = Cell(parts.task, parts.home_distribution, (8, 16), "test", 4)
    other_split = Cell(parts.task, parts.home_distribution, (8, 16), "train", 3)
    first = cell.instances(5, 6)[0]
    same = again.instances(0, 9)[5]
    assert are_equal(first, same)
    for other in (other_seed, other_split):
        assert not are_equal(first, other.instances(5, 6)[0])


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
    assert (first_score(task, task.solution, batch) == 1).all()


@pytest.mark.parametrize("task_name", TASKS)
def test_the_solution_is_perfect_and_a_constant_is_not(task_name):
    task, graphs = instances(task_name, 16, 20)
    batch = batch_of(graphs)
    for values, perfect in judged(task, batch):
        assert_near(values, perfect)
    assert first_score(task, lambda b: constant(task.spec, b), batch).mean() <= 0.5
    assert task.loss(task.solution, batch) < task.loss(lambda b: constant(task.spec, b), batch)


@pytest.mark.parametrize("task_name", TASKS)
def test_a_batch_of_training_is_drawn_by_its_generator_and_gives_a_gradient(task_name):
    task, graphs = instances(task_name, 8, 6)
    packed, model = Packed.pack(graphs), build(task_name, "linear")
    first, same = (task.batch(packed, [4, 0], np.random.default_rng(1)) for _ in range(2))
    assert torch.equal(first.x, same.x)
    task.loss(model, first).backward()
    assert sum(float(p.grad.abs().sum()) for p in model.parameters() if p.grad is not None) > 0


@pytest.mark.parametrize("task_name", TASKS)
def test_the_loss_of_a_batch_is_that_of_its_parts(task_name):
    """Each part of the loss is a mean over its stated number of terms, so processes can add up."""
    task, small = instances(task_name, 8, 4)
    _, large = instances(task_name, 13, 3)
    batch, model = batch_of([*small, *large]), build(task_name, "linear")
    whole = task.loss_parts(model, batch)
    total = sum(part.mean for part in whole)
    torch.testing.assert_close(total, task.loss(model, batch))
    shares = [consecutive(batch, slice(*ends)) for ends in ((0, 2), (2, 6), (6, 7))]
    parts = [task.loss_parts(model, share) for share in shares]
    for mean, of in zip(whole, zip(*parts, strict=True), strict=True):
        num_terms = sum(part.num_terms for part in of)
        assert num_terms == mean.num_terms
        weighted = sum(part.mean * part.num_terms / num_terms for part in of)
        torch.testing.assert_close(weighted, mean.mean)


@pytest.mark.parametrize("task_name", TASKS)
def test_a_share_of_a_batch_is_the_batch_of_its_graphs(task_name):
    _, graphs = instances(task_name, 8, 5)
    packed = Packed.pack(graphs)
    share, same = consecutive(packed.batch([4, 1, 0, 2]), slice(1, 3)), packed.batch([1, 0])
    assert set(share.keys()) == set(same.keys())
    for name in same.keys():  # noqa: SIM118  (a batch iterates over items)
        assert torch.equal(share[name], same[name]), name
    for one, other in zip(share.to_data_list(), same.to_data_list(), strict=True):
        assert are_equal(one, other)


@pytest.mark.parametrize("task_name", TASKS)
def test_relabelling_the_nodes_changes_no_score(task_name):
    task, graphs = instances(task_name, 12)
    moved = [relabelled(graph, shuffled(graph)) for graph in graphs]
    for values, perfect in judged(task, batch_of(moved)):
        assert_near(values, perfect)


@pytest.mark.parametrize(("task_name", "model_name"), LEARNING)
def test_a_model_learns_from_the_loss(task_name, model_name):
    task, graphs = instances(task_name, 8)
    model, batch = build(task_name, model_name), batch_of(graphs)
    if refuses(model, batch):
        return
    task.loss(model, batch).backward()
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    assert gradients
    assert all(gradient.isfinite().all() for gradient in gradients)
    assert sum(float(gradient.abs().sum()) for gradient in gradients) > 0


@pytest.mark.parametrize(("task_name", "model_name"), PAIRS)
def test_a_model_does_not_know_the_order_of_nodes_and_edges(task_name, model_name):
    """A model that declares to depend on the order must do so for one of a few graphs."""
    _, graphs = instances(task_name, 12, 4)
    model = build(task_name, model_name)
    answers = [
        there_and_back(model, graph) for graph in graphs if not refuses(model, batch_of([graph]))
    ]
    if model.is_permutation_equivariant:
        for output, back in answers:
            assert_close(output, back)
    elif answers:
        pairs = [p for one in answers for p in zip(*one, strict=True) if p[0] is not None]
        assert any(not torch.allclose(ours, theirs, rtol=1e-2) for ours, theirs in pairs)


@pytest.mark.parametrize(("task_name", "model_name"), PAIRS)
def test_a_batch_equals_its_graphs(task_name, model_name):
    _, small = instances(task_name, 8, 2)
    _, large = instances(task_name, 13, 2)
    graphs = [*small, *large]
    model = build(task_name, model_name)
    if refuses(model, batch_of(graphs)):
        return
    model.double()
    alone = [model(precise(batch_of([graph]))) for graph in graphs]
    joined = GraphOutput(
        *(None if parts[0] is None else torch.cat(parts) for parts in zip(*alone, strict=True))
    )
    assert_close(model(precise(batch_of(graphs))), joined)


@pytest.mark.parametrize(("task_name", "model_name"), PAIRS)
def test_a_model_of_size_8_answers_at_size_64(task_name, model_name):
    """Use a smaller size for instances that take long to make."""
    size = 64 if the_study(f"task={task_name}").task.cost < 100 else 24
    task, graphs = instances(task_name, size, 2)
    batch = batch_of(graphs)
    model = build(task_name, model_name)
    assert model.max_num_nodes is None or 8 <= model.max_num_nodes < 64
    if refuses(model, batch):
        return
    output = model(batch)
    for values, rows, width in (
        (output.x, batch.x.size(0), task.spec.node_out),
        (output.edge_attr, batch.edge_index.size(1), task.spec.edge_out),
        (output.u, 2, task.spec.global_out),
    ):
        assert (values is None) == (width == 0)
        assert values is None or (values.shape == (rows, width) and values.isfinite().all())
    assert output.states is None or len(output.states) == batch.x.size(0)


@pytest.mark.parametrize(("task_name", "model_name"), PAIRS)
@pytest.mark.parametrize("reduced", [without_edges, one_node])
def test_a_model_answers_without_edges_and_for_one_node(task_name, model_name, reduced):
    _, graphs = instances(task_name, 8, 2)
    batch = batch_of([reduced(graphs[0]), graphs[1], reduced(graphs[0])])
    model = build(task_name, model_name)
    for graphs_of in (batch, batch_of([reduced(graphs[0])])):
        if not refuses(model, graphs_of):
            for values in model(graphs_of):
                assert values is None or values.isfinite().all()
