"""Helpers of the contract tests: transformed instances, answers and scores."""

import pytest
import torch
from torch_geometric.data import Data

from data_gen.packed import ATTRIBUTES, Packed, level
from data_gen.spec import GraphOutput
from experiments.settings.construct import build as build_partial
from experiments.settings.construct import construct
from tests.conftest import model_yaml, the_study


def batch_of(graphs):
    return Packed.pack(graphs).batch(range(len(graphs)))


def build(task_name, model_name, seed=0):
    """Build the model of a yaml for a task, without composing a whole configuration."""
    spec = the_study(f"task={task_name}").spec
    torch.manual_seed(seed)
    return build_partial(construct(model_yaml(model_name), "model"), "model", spec=spec).eval()


def constant(spec, batch):
    def filled(rows, width):
        return torch.ones(rows, width) if width else None

    return GraphOutput(
        filled(batch.x.size(0), spec.node_out),
        filled(batch.edge_index.size(1), spec.edge_out),
        filled(batch.num_graphs, spec.global_out),
    )


def scores(task, answer, batch):
    """Return each score, for the instances on which it is defined."""
    defined, everywhere = task.defined(batch), torch.ones(batch.num_graphs, dtype=torch.bool)
    values = task.score(answer, batch)
    assert set(defined) <= set(values)
    assert all(value.shape == (batch.num_graphs,) for value in values.values())
    return {name: value[defined.get(name, everywhere)] for name, value in values.items()}


def as_arrays(found):
    return {name: values.numpy() for name, values in found.items()}


def judged(task, batch):
    """Pair the scores of the right answer with the perfect scores; skip facts of instances."""
    found = scores(task, task.solution, batch)
    perfect = {name: task.metrics[name].perfect for name in found}
    assert set(task.metrics) == set(found) | set(task.relative(as_arrays(found)))
    first = next(iter(found))
    assert perfect[first] == 1
    assert len(found[first])
    return [(v, torch.full_like(v, perfect[n])) for n, v in found.items() if perfect[n] is not None]


def assert_near(values, perfect):
    """Compare scores; errors may be slightly above 0, since positions use the trapezium rule."""
    is_error = not perfect.any()
    torch.testing.assert_close(values, perfect, rtol=1.3e-6, atol=5e-3 if is_error else 1e-5)


def first_score(task, answer, batch):
    return next(iter(scores(task, answer, batch).values()))


def shuffled(instance):
    """Draw an order of the nodes, whose number may differ from the size."""
    return torch.randperm(instance.x.size(0))


def refuses(model, batch):
    """Return whether the graphs are too large for the model, which must then raise an error."""
    most = model.max_num_nodes
    if most is None or int(batch.ptr.diff().max()) <= most:
        return False
    with pytest.raises(ValueError, match=f"must be at most {most}, got"):
        model(batch)
    return True


def are_equal(instance, other):
    assert set(instance.keys()) == set(other.keys())
    return all(torch.equal(value, other[name]) for name, value in instance.items())


def relabelled(instance, order):
    """Reorder the nodes of an instance: node order[i] becomes node i."""
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


def precise(batch):
    """Convert a batch to double precision, so that rounding errors are negligible."""
    for name in ATTRIBUTES:
        batch[name] = batch[name].double()
    return batch


def there_and_back(model, instance):
    """Return the answer for a graph, and the answer for its relabelled copy in the old order.

    Computed in float64, since the standard deviation of equal messages is pure rounding.
    """
    order = shuffled(instance)
    batch = precise(batch_of([instance]))
    moved = precise(batch_of([relabelled(instance, order)]))
    model.double()
    output, other = model(batch), model(moved)
    # edge k of `batch` corresponds to the edge of `moved` between its relabelled nodes
    place = torch.empty_like(order)
    place[order] = torch.arange(len(order))
    codes = {tuple(pair): k for k, pair in enumerate(moved.edge_index.t().tolist())}
    edges = [codes[tuple(pair)] for pair in place[batch.edge_index].t().tolist()]
    back = GraphOutput(
        None if other.x is None else other.x[place],
        None if other.edge_attr is None else other.edge_attr[edges],
        other.u,
        None if other.states is None else other.states[place],
    )
    return output, back
