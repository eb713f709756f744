import networkx as nx
import numpy as np
import pytest

from data_gen.distribution import Mixture
from data_gen.graphs.distributions.forest_fire import ForestFire
from data_gen.graphs.distributions.random_regular import RandomRegular
from data_gen.graphs.distributions.random_tree import RandomTree
from data_gen.sat.cnf import Problem
from data_gen.sat.distributions.k_clique import KClique
from data_gen.sat.distributions.sr import Sr


def rng(seed=0):
    return np.random.default_rng(seed)


# Mixtures


def test_a_mixture_draws_each_of_its_laws_equally_often():
    mixture, generator = Mixture((RandomTree(), RandomRegular(3), RandomRegular(4))), rng()
    counts = [len(mixture.draw(10, generator).edges) for _ in range(600)]
    values, times = np.unique(counts, return_counts=True)
    assert values.tolist() == [9, 15, 20]
    assert times.min() > 150


def test_a_mixture_is_of_one_structure_and_group_size():
    pairs = Mixture((Sr(), KClique((3,), is_paired=True)))
    assert (pairs.structure, pairs.group_size, pairs.min_size) == (Problem, 2, 4)
    for seed in range(4):
        assert [problem.is_sat for problem in pairs.draw_group(6, rng(seed))] == [False, True]
    for laws, name in (((Sr(), RandomTree()), "structure"), ((Sr(), KClique((3,))), "group_size")):
        with pytest.raises(ValueError, match=rf"^distributions must [^\n]+ same {name}, got"):
            Mixture(laws)


# Families


@pytest.mark.parametrize("degree", [2, 3, 4, 5])
def test_random_regular_graphs_are_regular_and_connected(degree):
    for size in (2, *range(degree, 14), 41):
        graph = RandomRegular(degree).draw(size, rng(size))
        degrees = sorted(np.bincount(graph.edges.ravel(), minlength=size).tolist())
        wanted = [min(degree, size - 1)] * size
        wanted[0] -= sum(wanted) % 2
        assert degrees == wanted
        assert nx.is_connected(nx.Graph(graph.edges.tolist()))


def test_cubic_graphs_of_six_nodes_are_about_uniform():
    generator = rng()  # the 3-regular graphs on 6 labelled nodes: 10 are K(3, 3), 60 are prisms
    graphs = [nx.Graph(RandomRegular(3).draw(6, generator).edges.tolist()) for _ in range(800)]
    assert np.mean([nx.is_bipartite(graph) for graph in graphs]) == pytest.approx(1 / 7, abs=0.05)


def test_without_spreading_a_forest_fire_is_a_random_recursive_tree():
    generator, shares = rng(), []
    for _ in range(300):
        graph = nx.Graph(ForestFire(0.0).draw(20, generator).edges.tolist())
        assert nx.is_tree(graph)
        shares.append(np.mean([degree == 1 for _, degree in graph.degree]))
    assert np.mean(shares) == pytest.approx(1 / 2, abs=0.03)  # half of the nodes are leaves


def test_a_forest_fire_spreads_with_its_probability():
    generator = rng()
    # the third node joins one end of the edge, and with probability p the other end too
    for p in (0.2, 0.7):
        counts = [len(ForestFire(p).draw(3, generator).edges) for _ in range(1000)]
        assert set(counts) == {2, 3}
        assert np.mean(counts) == pytest.approx(2 + p, abs=0.06)
    assert len(ForestFire(1 - 1e-9).draw(12, generator).edges) == 66
    means = [
        np.mean([len(ForestFire(p).draw(20, generator).edges) for _ in range(50)])
        for p in (0.0, 0.3, 0.6)
    ]
    assert means == sorted(means)


@pytest.mark.parametrize(
    ("law_type", "name", "value"),
    [
        (Mixture, "distributions", []),
        (Mixture, "distributions", ["erdos_renyi"]),
        (RandomRegular, "degree", 1),
        (RandomRegular, "degree", 2.5),
        (ForestFire, "p", 1.0),
        (ForestFire, "p", -0.1),
    ],
)
def test_a_bad_argument_is_named_in_one_line(law_type, name, value):
    with pytest.raises(ValueError, match=rf"^{name} must be [^\n]+, got [^\n]+$"):
        law_type(**{name: value})
