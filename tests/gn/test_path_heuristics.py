"""Test the ruler and Bellman-Ford on graphs whose answers can be seen by hand."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch_geometric.data import Batch, Data

from data_gen.paths.answer import NextHop
from data_gen.paths.tasks.shortest_path import ShortestPath
from data_gen.spec import GraphSpec
from gn.heuristics.bellman_ford import BellmanFord
from gn.heuristics.ruler import Ruler
from gn.query import FAR
from tests.conftest import instances
from tests.contracts import batch_of, scores

HOPS, LABELS = ShortestPath(NextHop()).spec, ShortestPath().spec
# The straight line from 0 leads to 1, then a detour by 2 follows; the shortest path goes back to 3.
TRAP = (
    [(0, 0), (3, 0), (3, 5), (-1, 0), (0, 2), (4, 0)],
    [(0, 1), (1, 2), (2, 5), (0, 3), (3, 4), (4, 5)],
)
CIRCLE = [(0, 0), (1, 0), (-5, 0), (3, 0)], [(0, 1), (0, 2), (2, 3)]  # 1 is the nearest to the end


def query(positions, edges, lengths=None):
    """Make a query from the first node to the last."""
    positions = torch.tensor(positions, dtype=torch.float32)
    ends = torch.tensor(edges).T
    ends = torch.cat([ends, ends.flip(0)], dim=1)
    if lengths is None:
        lengths = (positions[ends[0]] - positions[ends[1]]).norm(dim=1)
    x = torch.zeros(len(positions), 5)
    x[:, :2], x[0, 3], x[-1, 4] = positions, 1, 1
    return Data(x=x, edge_index=ends, edge_attr=lengths.view(-1, 1), u=torch.zeros(1, 1))


def batched(*graphs):
    return Batch.from_data_list(list(graphs))


def next_of(output, batch, node):
    """Return the next hop of a node: the first of its best edges."""
    edges = (batch.edge_index[0] == node).nonzero().flatten()
    return int(batch.edge_index[1, edges[output.edge_attr[edges, 0].argmax()]])


def walked(output, batch):
    nodes = (output.x[:, 0] > 0).nonzero().flatten().tolist()
    edges = batch.edge_index[:, output.edge_attr[:, 0] > 0].T.tolist()
    return nodes, [tuple(edge) for edge in edges]


def test_where_a_ruler_is_wrong_rounds_are_right():
    batch = batched(query(*TRAP))
    for reads_lengths in (True, False):
        assert next_of(Ruler(HOPS, reads_lengths)(batch), batch, 0) == 1
    for start in ("nothing", "ruler"):
        assert next_of(BellmanFord(HOPS, start=start)(batch), batch, 0) == 3
        nodes, edges = walked(BellmanFord(LABELS, start=start)(batch), batch)
        assert nodes == [0, 3, 4, 5]
        assert edges == [(0, 3), (3, 4), (4, 5)]


def test_a_ruler_reads_lengths_and_greed_does_not():
    near, far = (2.0, 1.5), (1.0, 0.0)
    lengths = torch.tensor([5.0, 1.0, 5.0, 5.0]).repeat(2)
    batch = batched(query([(0, 0), near, far, (3, 0)], [(0, 1), (0, 2), (1, 3), (2, 3)], lengths))
    assert next_of(Ruler(HOPS)(batch), batch, 0) == 2
    assert next_of(Ruler(HOPS, reads_lengths=False)(batch), batch, 0) == 1
    distance = float(np.hypot(1.0, 1.5))
    expected = [(1 + 2.0) - (5 + distance), 0.0]
    assert Ruler(HOPS)(batch).edge_attr[:2, 0].tolist() == pytest.approx(expected)


def test_a_walk_in_a_circle_ends_and_is_labelled_once():
    batch = batched(query(*CIRCLE), query(*TRAP))
    nodes, edges = walked(Ruler(LABELS, reads_lengths=False)(batch), batch)
    assert [node for node in nodes if node < 4] == [0, 1]
    assert [edge for edge in edges if edge[0] < 4] == [(0, 1), (1, 0)]


@pytest.mark.parametrize("num_rounds", [1, 2, 5])
def test_k_rounds_reach_k_edges(num_rounds):
    size = 9
    batch = batched(query([(i, 0) for i in range(size)], [(i, i + 1) for i in range(size - 1)]))
    output = BellmanFord(HOPS)(batch, num_rounds)
    expected = [float(k) if k <= num_rounds else FAR for k in reversed(range(size))]
    assert output.states[:, 0].tolist() == expected
    assert output.edge_attr.isfinite().all()
    for node in range(1, size - 1):  # answers look one edge further than estimates
        is_seen = size - 1 - node <= num_rounds + 1
        assert next_of(output, batch, node) == (node + 1 if is_seen else first_of(batch, node))


def first_of(batch, node):
    return int(batch.edge_index[1, (batch.edge_index[0] == node).nonzero().flatten()[0]])


def limited(graph, num_rounds, start):
    """Minimise, in loops, the length of walks plus the first estimate at their last node."""
    lengths = graph.edge_attr[:, 0].double()
    line = (graph.x[:, :2] - graph.x[-1, :2]).double().norm(dim=1)
    estimate = line if start == "ruler" else torch.full_like(line, FAR)
    estimate[-1] = 0
    for _ in range(num_rounds):
        before, estimate = estimate.clone(), torch.full_like(line, FAR)
        for k, (i, s) in enumerate(graph.edge_index.T.tolist()):
            if before[s] < FAR:
                estimate[i] = min(estimate[i], lengths[k] + before[s])
        estimate[-1] = 0
    return estimate


@pytest.mark.parametrize("start", ["nothing", "ruler"])
def test_estimates_are_those_of_loops_and_each_graph_may_have_its_own_rounds(start):
    rng = np.random.default_rng(0)
    graphs = []
    for size in (6, 11, 9):
        edges = [(i, int(rng.integers(i))) for i in range(1, size)]
        edges += [tuple(rng.permutation(size)[:2].tolist()) for _ in range(size)]
        graphs.append(query(rng.random((size, 2)).tolist(), edges))
    batch, rounds = batched(*graphs), [1, 4, 30]
    states = BellmanFord(HOPS, start=start)(batch, torch.tensor(rounds)).states[:, 0]
    for k, (graph, num_rounds) in enumerate(zip(graphs, rounds, strict=True)):
        expected = limited(graph, num_rounds, start)
        torch.testing.assert_close(states[batch.batch == k], expected)


@pytest.mark.parametrize("task_name", ["shortest_path", "shortest_path_next_hop"])
def test_enough_rounds_give_the_solution_of_both_questions(task_name):
    task, graphs = instances(task_name, 16, 12)
    batch = batch_of(graphs)
    for start, num_rounds in (("nothing", 16), ("ruler", 200)):
        model = BellmanFord(task.spec, start=start)
        found = scores(task, lambda b, m=model, k=num_rounds: m(b, k), batch)
        assert (found["valid"] == 1).all()
        assert (found["cost_ratio"] > 1 - 1e-5).all()


def test_both_questions_are_answered_by_the_same_walk():
    found = []
    for task_name in ("shortest_path", "shortest_path_next_hop"):
        task, graphs = instances(task_name, 16, 12)
        found.append(scores(task, Ruler(task.spec), batch_of(graphs))["valid"])
    assert torch.equal(*found)
    assert 0 < found[0].mean() < 1


@pytest.mark.parametrize("kind", [Ruler, BellmanFord])
@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (GraphSpec(5, 1, 1, edge_out=1, position_dim=2), "without start and end and length"),
        (replace(HOPS, edge_names=()), "without length"),
        (replace(HOPS, position_dim=0), "without positions"),
        (replace(HOPS, global_out=1), r"must be \(0, 1, 0\) or \(1, 1, 0\), got \(0, 1, 1\)"),
    ],
)
def test_a_task_that_is_not_about_paths_is_refused(kind, spec, message):
    with pytest.raises(ValueError, match=message):
        kind(spec)


def test_an_unknown_start_is_refused():
    with pytest.raises(ValueError, match="start must be one of nothing, ruler, got 'middle'"):
        BellmanFord(HOPS, start="middle")
