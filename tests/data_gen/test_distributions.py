from dataclasses import is_dataclass
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from omegaconf import OmegaConf
from scipy.stats import kstest

from data_gen.graphs.connectivity import is_connected
from data_gen.graphs.distributions.barabasi_albert import BarabasiAlbert
from data_gen.graphs.distributions.caterpillar import Caterpillar
from data_gen.graphs.distributions.erdos_renyi import ErdosRenyi
from data_gen.graphs.distributions.geographic_threshold import GeographicThreshold
from data_gen.graphs.distributions.random_geometric import RandomGeometric
from data_gen.graphs.distributions.watts_strogatz import WattsStrogatz
from data_gen.graphs.graph import Graph
from experiments.settings.construct import construct

FILES = sorted((Path(__file__).parents[2] / "conf" / "distribution").glob("*.yaml"))
ALL = {path.stem: construct(OmegaConf.load(path)[path.stem], path.stem) for path in FILES}
GRAPHS = {name: law for name, law in ALL.items() if law.structure is Graph}


def rng(seed=0):
    return np.random.default_rng(seed)


def to_networkx(graph):
    oracle = nx.Graph()
    oracle.add_nodes_from(range(graph.num_nodes))
    oracle.add_edges_from(graph.edges.tolist())
    return oracle


def edge_set(edges):
    return {tuple(sorted(edge)) for edge in edges}


def draws(distribution, size, count):
    generator = rng()
    return [distribution.draw(size, generator) for _ in range(count)]


@pytest.fixture(params=GRAPHS)
def distribution(request):
    return GRAPHS[request.param]


# Every distribution of conf/


def test_a_yaml_is_wrapped_in_its_own_name():
    for path in FILES:
        assert list(OmegaConf.load(path)) == [path.stem]


def test_the_repr_tells_any_two_settings_apart():
    assert len({repr(law) for law in ALL.values()}) == len(ALL)
    for law in ALL.values():
        assert is_dataclass(law)
        assert law.__dataclass_params__.frozen


# Every graph distribution


def test_it_draws_exactly_the_size_asked_for_and_connected(distribution):
    for size in (*range(distribution.min_size, 18), 40, 100):
        graph = distribution.draw(size, rng(size))
        assert graph.num_nodes == len(graph.node_weights) == size
        assert nx.is_connected(to_networkx(graph)), size


def test_a_size_below_the_smallest_is_an_error_or_honoured(distribution):
    for size in range(-1, distribution.min_size):
        try:
            graph = distribution.draw(size, rng())
        except ValueError:
            continue
        assert graph.num_nodes == size
        assert len(graph.edges) == 0


def test_edges_are_sorted_pairs_each_once_smaller_node_first(distribution):
    for size in (distribution.min_size, 3, 7, 16, 50):
        graph = distribution.draw(size, rng(size))
        assert graph.edges.dtype == np.int64
        edges = [tuple(edge) for edge in graph.edges.tolist()]
        assert edges == sorted(set(edges))
        assert all(0 <= first < second < size for first, second in edges)


def test_positions_lie_in_the_unit_square_and_lengths_are_their_distances(distribution):
    graph = distribution.draw(50, rng())
    assert graph.positions.shape == (50, 2)
    assert 0 <= graph.positions.min() < 0.25
    assert 0.75 < graph.positions.max() <= 1
    x, y = (graph.positions[graph.edges[:, 0]] - graph.positions[graph.edges[:, 1]]).T
    assert graph.lengths == pytest.approx(np.hypot(x, y), rel=1e-12)
    assert graph.lengths.min() > 0


def test_node_weights_are_exponential_with_mean_one(distribution):
    weights = np.concatenate([graph.node_weights for graph in draws(distribution, 50, 20)])
    assert kstest(weights, "expon").pvalue > 1e-3


def test_the_generator_alone_decides_the_graph(distribution):
    first, again, other = (distribution.draw(20, rng(seed)) for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first.positions, other.positions)
    # two grids, or other fixed topologies, differ by the order of their nodes
    assert not np.array_equal(first.edges, other.edges)


def test_the_index_of_a_node_tells_nothing(distribution):
    size, index = 16, np.arange(16)
    degrees, gaps, places = [], [], []
    for graph in draws(distribution, size, 300):
        degree = np.bincount(graph.edges.ravel(), minlength=size)
        if degree.std() > 0:
            degrees.append(np.corrcoef(index, degree)[0, 1])
        gaps.append(np.diff(graph.edges, axis=1).mean())
        places.append([np.corrcoef(index, axis)[0, 1] for axis in graph.positions.T])
    assert not degrees or abs(np.mean(degrees)) < 0.06  # in a regular graph all degrees are equal
    # the mean gap of two distinct uniform indices
    assert np.mean(gaps) == pytest.approx((size + 1) / 3, rel=0.04)
    assert np.abs(np.mean(places, axis=0)).max() < 0.06


# Connectivity


def test_is_connected_agrees_with_networkx():
    generator, seen = rng(), []
    for _ in range(400):
        size = int(generator.integers(1, 12))
        edges = generator.integers(size, size=(int(generator.integers(0, 2 * size)), 2))
        oracle = to_networkx(Graph(np.zeros((size, 2)), np.zeros(size), edges, np.zeros(0)))
        seen.append(is_connected(edges, size))
        assert seen[-1] == nx.is_connected(oracle)
    assert 50 < sum(seen) < 350


def test_two_triangles_are_not_connected():
    assert not is_connected(np.array([[0, 1], [1, 2], [2, 0], [3, 4], [4, 5], [5, 3]]), 6)


@pytest.mark.parametrize("law", [ErdosRenyi(1e-6), RandomGeometric(1e-6)])
def test_a_hopeless_factor_gives_up_in_one_line(law):
    with pytest.raises(ValueError, match=r"no connected graph of size 16 in 1000 tries$"):
        law.draw(16, rng())


# Arguments


@pytest.mark.parametrize(
    ("law", "name", "value"),
    [
        (GeographicThreshold, "theta", 0.0),
        (ErdosRenyi, "factor", 0.0),
        (ErdosRenyi, "factor", float("nan")),
        (RandomGeometric, "factor", -1.0),
        (BarabasiAlbert, "m", 0),
        (BarabasiAlbert, "m", 2.5),
        (WattsStrogatz, "k", 3),
        (WattsStrogatz, "k", 0),
        (WattsStrogatz, "p", 1.5),
        (Caterpillar, "spine_fraction", 0.0),
        (Caterpillar, "spine_fraction", 1.1),
    ],
)
def test_a_bad_argument_is_named_in_one_line(law, name, value):
    with pytest.raises(ValueError, match=rf"^{name} must be [^\n]+, got {value}$"):
        law(**{name: value})
