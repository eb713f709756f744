"""Families of graphs, compared with known properties and with networkx."""

from itertools import combinations

import networkx as nx
import numpy as np
import pytest
from scipy.stats import chisquare

from data_gen.graphs.distributions.barabasi_albert import BarabasiAlbert
from data_gen.graphs.distributions.caterpillar import Caterpillar
from data_gen.graphs.distributions.delaunay import Delaunay
from data_gen.graphs.distributions.erdos_renyi import ErdosRenyi
from data_gen.graphs.distributions.geographic_threshold import GeographicThreshold
from data_gen.graphs.distributions.grid import Grid
from data_gen.graphs.distributions.random_geometric import RandomGeometric
from data_gen.graphs.distributions.random_tree import RandomTree
from data_gen.graphs.distributions.watts_strogatz import WattsStrogatz
from tests.data_gen.test_distributions import draws, edge_set, rng, to_networkx


def test_geographic_threshold_is_the_one_of_networkx_united_with_its_tree():
    for theta in (20.0, 60.0, 1000.0):
        for size in (2, 3, 10, 40):
            graph = GeographicThreshold(theta).draw(size, rng(size))
            positions = dict(enumerate(graph.positions.tolist()))
            weights = dict(enumerate(graph.node_weights.tolist()))
            near = nx.geographical_threshold_graph(size, theta, pos=positions, weight=weights)
            complete = nx.Graph()
            complete.add_weighted_edges_from(
                (a, b, np.hypot(*(graph.positions[a] - graph.positions[b])))
                for a, b in combinations(range(size), 2)
            )
            tree = nx.minimum_spanning_tree(complete)
            assert edge_set(graph.edges.tolist()) == edge_set(near.edges) | edge_set(tree.edges)


def test_at_theta_1000_little_but_the_tree_is_left():
    size = 40
    means = [
        np.mean([len(graph.edges) for graph in draws(GeographicThreshold(theta), size, 30)])
        for theta in (20.0, 60.0, 1000.0)
    ]
    assert means == sorted(means, reverse=True)
    assert size - 1 <= means[2] < 1.1 * (size - 1)
    assert means[0] > 4 * size


def test_erdos_renyi_has_the_edges_of_its_law():
    size, num_pairs = 64, 64 * 63 / 2
    p = np.log(size) / size
    dense = [len(graph.edges) for graph in draws(ErdosRenyi(3.0), size, 200)]
    assert np.mean(dense) == pytest.approx(3 * p * num_pairs, rel=0.01)  # rarely drawn again
    assert np.std(dense) == pytest.approx(np.sqrt(3 * p * (1 - 3 * p) * num_pairs), rel=0.15)
    threshold = [len(graph.edges) for graph in draws(ErdosRenyi(), size, 200)]
    assert 1.0 < np.mean(threshold) / (p * num_pairs) < 1.1  # connected graphs are slightly denser


@pytest.mark.parametrize("size", [5, 6])
def test_erdos_renyi_treats_all_pairs_alike(size):
    num_pairs = size * (size - 1) // 2
    assert len(ErdosRenyi(1e6).draw(size, rng()).edges) == num_pairs
    edges = np.concatenate([graph.edges for graph in draws(ErdosRenyi(), size, 1000)])
    counts = np.unique(edges, axis=0, return_counts=True)[1]
    assert len(counts) == num_pairs
    assert counts == pytest.approx(np.full(num_pairs, counts.mean()), rel=0.15)


@pytest.mark.parametrize("m", [1, 2, 3])
def test_barabasi_albert_has_the_edges_and_the_hubs_of_networkx(m):
    size = 40
    ours = draws(BarabasiAlbert(m), size, 200)
    theirs = [nx.barabasi_albert_graph(size, m, seed=seed) for seed in range(100)]
    assert {len(graph.edges) for graph in ours} == {m * (size - m)}
    assert theirs[0].number_of_edges() == m * (size - m)
    our_hubs = [np.bincount(graph.edges.ravel()).max() for graph in ours]
    their_hubs = [max(dict(graph.degree).values()) for graph in theirs]
    assert np.mean(our_hubs) == pytest.approx(np.mean(their_hubs), rel=0.1)


def test_barabasi_albert_of_few_nodes_is_a_star():
    assert nx.is_isomorphic(to_networkx(BarabasiAlbert(5).draw(4, rng())), nx.star_graph(3))


def test_watts_strogatz_without_rewiring_is_the_ring_of_networkx():
    for size in (3, 5, 6, 13):
        ring = nx.watts_strogatz_graph(size, min(4, size - 1), 0.0)
        assert nx.is_isomorphic(to_networkx(WattsStrogatz(p=0.0).draw(size, rng())), ring)


@pytest.mark.parametrize("p", [0.1, 1.0])
def test_watts_strogatz_keeps_the_mean_degree_and_clusters_like_networkx(p):
    size = 40
    ours = draws(WattsStrogatz(p=p), size, 80)
    theirs = [nx.connected_watts_strogatz_graph(size, 4, p, seed=seed) for seed in range(80)]
    assert {len(graph.edges) for graph in ours} == {2 * size}  # n k / 2: mean degree k = 4
    our_clustering = np.mean([nx.average_clustering(to_networkx(graph)) for graph in ours])
    their_clustering = np.mean([nx.average_clustering(graph) for graph in theirs])
    assert our_clustering == pytest.approx(their_clustering, abs=0.02)


def test_a_ring_all_of_whose_edges_moved_is_still_connected():
    for graph in draws(WattsStrogatz(k=2, p=1.0), 40, 20):
        assert nx.is_connected(to_networkx(graph))


def test_random_geometric_joins_exactly_the_pairs_within_the_radius():
    for size in (2, 16, 60):
        graph = RandomGeometric().draw(size, rng(size))
        radius = np.sqrt(2 * np.log(size) / (np.pi * size))
        positions = dict(enumerate(graph.positions.tolist()))
        oracle = nx.random_geometric_graph(size, radius, pos=positions)
        assert edge_set(graph.edges.tolist()) == edge_set(oracle.edges)


def test_a_grid_is_the_one_of_networkx_less_the_end_of_its_last_row():
    for size in range(2, 21):
        columns = int(np.ceil(np.sqrt(size)))
        rows = int(np.ceil(size / columns))
        oracle = nx.grid_2d_graph(rows, columns)
        oracle.remove_nodes_from(sorted(oracle)[size:])
        graph = to_networkx(Grid().draw(size, rng(size)))
        assert nx.is_isomorphic(graph, oracle)
        assert max(dict(graph.degree).values()) <= 4


def test_neighbours_on_a_grid_lie_in_neighbouring_cells():
    graph = Grid().draw(25, rng())
    cells = np.floor(graph.positions * 5)
    steps = np.abs(cells[graph.edges[:, 0]] - cells[graph.edges[:, 1]]).sum(axis=1)
    assert set(steps) == {1.0}
    assert len(set(graph.lengths)) == len(graph.lengths)


def test_delaunay_is_planar_and_holds_the_minimum_spanning_tree():
    for size in (3, 4, 10, 60):
        graph = Delaunay().draw(size, rng(size))
        assert len(graph.edges) <= 3 * size - 6
        assert nx.check_planarity(to_networkx(graph))[0]
        complete = nx.Graph()
        complete.add_weighted_edges_from(
            (a, b, np.hypot(*(graph.positions[a] - graph.positions[b])))
            for a, b in combinations(range(size), 2)
        )
        tree = nx.minimum_spanning_tree(complete)
        assert edge_set(tree.edges) <= edge_set(graph.edges.tolist())
    assert len(graph.edges) > 2.5 * size  # a triangulation has more edges than most planar graphs


def test_every_labelled_tree_is_equally_likely():
    trees = [graph.edges.tobytes() for graph in draws(RandomTree(), 4, 3200)]
    counts = [trees.count(tree) for tree in set(trees)]
    assert len(counts) == 4 ** (4 - 2)  # Cayley's formula
    assert chisquare(counts).pvalue > 1e-3


@pytest.mark.parametrize("law", [RandomTree(), Caterpillar(), Caterpillar(0.2)])
def test_trees_are_trees(law):
    for size in (2, 3, 9, 30):
        assert nx.is_tree(to_networkx(law.draw(size, rng(size))))


@pytest.mark.parametrize("fraction", [0.05, 0.5, 0.9, 1.0])
def test_a_caterpillar_is_a_spine_with_legs(fraction):
    for size in (2, 3, 16, 31):
        graph = to_networkx(Caterpillar(fraction).draw(size, rng(size)))
        spine = int(np.ceil(fraction * size))
        assert nx.diameter(graph) >= spine - 1
        assert sum(degree > 1 for _, degree in graph.degree) <= spine
        graph.remove_nodes_from([node for node, degree in dict(graph.degree).items() if degree < 2])
        assert all(degree <= 2 for _, degree in graph.degree)
    assert fraction < 1 or nx.diameter(to_networkx(Caterpillar(1.0).draw(9, rng()))) == 8
