import networkx as nx
import numpy as np
import pytest
import torch

from data_gen.answers.pointer import outgoing_log_softmax
from data_gen.cell import Cell, SizeError
from data_gen.graphs.distributions.geographic_threshold import GeographicThreshold
from data_gen.graphs.distributions.random_tree import RandomTree
from data_gen.graphs.graph import Graph
from data_gen.packed import Packed
from data_gen.paths.answer import NextHop, PathLabels
from data_gen.paths.query import draw_queries
from data_gen.paths.tasks.shortest_path import ShortestPath
from data_gen.spec import GraphOutput
from tests.data_gen.test_distributions import GRAPHS

SQUARE = Graph(  # 0-1-3 and 0-2-3 are equally long; 0-3 is longer than both
    positions=np.zeros((4, 2)),
    node_weights=np.ones(4),
    edges=np.array([[0, 1], [0, 2], [0, 3], [1, 3], [2, 3]]),
    lengths=np.array([1.0, 1.0, 3.0, 1.0, 1.0]),
)


def oracle_of(instance):
    graph = nx.DiGraph()
    for edge, length in zip(
        instance.edge_index.t().tolist(), instance.edge_attr[:, 0].tolist(), strict=True
    ):
        graph.add_edge(*edge, length=length)
    return graph


def ends_of(instance):
    return int(instance.x[:, 3].argmax()), int(instance.x[:, 4].argmax())


def instances_of(distribution, size, count=20, answer=None):
    task = ShortestPath(answer or PathLabels())
    return task, Cell(task, distribution, (size,), "test").instances(0, count)


def square_batch(answer):
    """Return the square with a query from node 0 to node 3."""
    task = ShortestPath(answer)
    for seed in range(1000):
        instance = task.sample(SQUARE, np.random.default_rng(seed))
        if ends_of(instance) == (0, 3):
            return task, Packed.pack([instance]).batch([0])
    raise AssertionError("no seed asks from 0 to 3")


def chosen(batch, *pairs):
    edges = batch.edge_index.t().tolist()
    return torch.tensor([[9.0 if tuple(edge) in pairs else -9.0] for edge in edges])


@pytest.mark.parametrize("name", GRAPHS)
def test_networkx_finds_the_same_paths(name):
    _, graphs = instances_of(GRAPHS[name], 20)
    for instance in graphs:
        start, end = ends_of(instance)
        oracle = oracle_of(instance)
        path = nx.dijkstra_path(oracle, start, end, weight="length")
        assert instance.graph_optimum.item() == pytest.approx(
            nx.dijkstra_path_length(oracle, start, end, weight="length")
        )
        assert instance.graph_hops.item() == len(path) - 1
        assert instance.on_path.nonzero().squeeze(1).tolist() == sorted(path)
        edges = instance.edge_index[:, instance.edge_on_path].t().tolist()
        assert sorted(map(tuple, edges)) == sorted(nx.utils.pairwise(path))
        assert instance.graph_diameter.item() == nx.diameter(oracle.to_undirected())


def test_networkx_finds_the_same_next_hop_from_every_node():
    _, graphs = instances_of(GeographicThreshold(), 16)
    for instance in graphs:
        _, end = ends_of(instance)
        hops = dict(instance.edge_index[:, instance.edge_next_hop].t().tolist())
        paths = nx.single_source_dijkstra_path(oracle_of(instance), end, weight="length")
        assert hops == {node: path[-2] for node, path in paths.items() if node != end}


@pytest.mark.parametrize("size", [5, 100])
def test_every_hop_distance_is_equally_likely(size):
    graph = RandomTree().draw(size, np.random.default_rng(3))
    rngs = [np.random.default_rng([1, i]) for i in range(1500)]
    oracle = nx.Graph(graph.edges.tolist())
    distance = dict(nx.all_pairs_shortest_path_length(oracle))
    queries = draw_queries([graph] * len(rngs), rngs)
    counts = np.bincount([distance[q.start][q.end] for q in queries])
    diameter = nx.diameter(oracle)
    assert counts[0] == 0
    assert len(counts) == diameter + 1
    expected = len(rngs) / diameter
    assert (abs(counts[1:] - expected) < 5 * np.sqrt(expected)).all()


def test_a_pair_is_uniform_among_those_at_its_distance():
    path = Graph(
        np.zeros((4, 2)), np.ones(4), np.array([[0, 1], [1, 2], [2, 3]]), np.array([1.0, 1.0, 1.0])
    )
    rngs = [np.random.default_rng([2, i]) for i in range(1800)]
    queries = draw_queries([path] * len(rngs), rngs)
    one_hop = [(q.start, q.end) for q in queries if abs(q.start - q.end) == 1]
    counts = np.unique(one_hop, axis=0, return_counts=True)[1]
    assert len(counts) == 6
    assert (abs(counts - 100) < 50).all()


def test_an_instance_does_not_depend_on_those_beside_it():
    task, graphs = instances_of(GeographicThreshold(), 12, 7)
    cell = Cell(task, GeographicThreshold(), (12,), "test")
    for i in (0, 6):
        alone = cell.instances(i, i + 1)[0]
        assert all(torch.equal(alone[name], graphs[i][name]) for name in ("x", "edge_on_path"))


def test_a_graph_without_edges_has_no_query():
    lonely = Graph(np.zeros((2, 2)), np.ones(2), np.zeros((0, 2), dtype=int), np.zeros(0))
    with pytest.raises(ValueError, match=r"^graph must have edges, got .* without edges$"):
        ShortestPath().sample(lonely, np.random.default_rng(0))


def test_a_size_that_is_not_honoured_is_an_error():
    class Off(RandomTree):
        def draw(self, size, rng):
            return super().draw(size + 1, rng)

    with pytest.raises(SizeError, match="must draw structures of size 9, got one of size 10"):
        Cell(ShortestPath(), Off(), (9,), "test").instances(0, 1)


def test_a_path_as_short_as_the_labelled_one_is_valid_but_not_solved():
    task, batch = square_batch(PathLabels())
    scores = []
    for middle in (1, 2):
        nodes = torch.tensor(
            [[9.0], [9.0 if middle == 1 else -9.0], [9.0 if middle == 2 else -9.0], [9.0]]
        )
        output = GraphOutput(nodes, chosen(batch, (0, middle), (middle, 3)))
        scores.append(task.score(lambda _, output=output: output, batch))
    assert [score["valid"].item() for score in scores] == [1, 1]
    assert sorted(score["solved"].item() for score in scores) == [0, 1]
    assert [score["cost_ratio"].item() for score in scores] == [1, 1]


@pytest.mark.parametrize(
    ("edges", "cost_ratio"),
    [
        ([(0, 3)], 2 / 3),  # a path, but not a shortest one
        ([(0, 1)], 0),  # does not arrive
        ([(0, 1), (1, 0)], 0),  # goes in a circle
        ([(0, 1), (1, 3), (2, 3)], 1),  # one edge too many
        ([], 0),
    ],
)
def test_what_is_no_shortest_path_is_not_valid(edges, cost_ratio):
    task, batch = square_batch(PathLabels())
    output = GraphOutput(torch.full((4, 1), 9.0), chosen(batch, *edges))
    scores = task.score(lambda _: output, batch)
    assert scores["valid"].item() == 0
    assert scores["cost_ratio"].item() == pytest.approx(cost_ratio)


def test_next_hops_are_followed_from_the_start():
    task, batch = square_batch(NextHop())
    right = GraphOutput(edge_attr=chosen(batch, (0, 2), (2, 3), (1, 0)))
    wrong = GraphOutput(edge_attr=chosen(batch, (0, 1), (1, 0)))
    assert task.score(lambda _: right, batch)["valid"].item() == 1
    assert task.score(lambda _: wrong, batch)["valid"].item() == 0
    assert task.score(lambda _: wrong, batch)["cost_ratio"].item() == 0


def test_next_hop_loss_is_the_mean_over_nodes_then_graphs():
    task, graphs = instances_of(GeographicThreshold(), 9, 3, NextHop())
    batch = Packed.pack(graphs).batch(range(3))
    logits = torch.randn(batch.edge_index.size(1), 1, generator=torch.Generator().manual_seed(0))
    senders, _ = batch.edge_index
    losses = []
    for graph in range(3):
        nodes = [n for n in range(9 * graph, 9 * graph + 9) if not batch.x[n, 4]]
        terms = []
        for node in nodes:
            edges = (senders == node).nonzero().squeeze(1)
            target = batch.edge_next_hop[edges].float().argmax()
            terms.append(-logits[edges, 0].log_softmax(0)[target])
        losses.append(torch.stack(terms).mean())
    expected = torch.stack(losses).mean()
    actual = task.loss(lambda _: GraphOutput(edge_attr=logits), batch)
    torch.testing.assert_close(actual, expected)


def test_outgoing_softmax_is_stable_for_large_logits():
    _, graphs = instances_of(GeographicThreshold(), 9, 1)
    batch = Packed.pack(graphs).batch([0])
    logits = 1e4 * torch.randn(batch.edge_index.size(1), generator=torch.Generator().manual_seed(1))
    assert outgoing_log_softmax(logits, batch).isfinite().all()


def test_the_answer_does_not_change_the_instances():
    assert ShortestPath(PathLabels()).identity == ShortestPath(NextHop()).identity
