from itertools import combinations, permutations, product

import networkx as nx
import numpy as np
import pytest

from data_gen.sat.distributions.k_clique import KClique
from data_gen.sat.distributions.k_coloring import KColoring
from data_gen.sat.distributions.k_domset import KDomset
from data_gen.sat.distributions.k_vercov import KVercov
from data_gen.sat.solver import solve, solver

SET_LAWS = [KClique, KDomset, KVercov]
LAWS = [*SET_LAWS, KColoring]


def rng(seed=0):
    return np.random.default_rng(seed)


def is_clique(graph, nodes):
    return all(graph.has_edge(u, v) for u, v in combinations(nodes, 2))


def is_cover(graph, nodes):
    return is_clique(nx.complement(graph), set(graph) - set(nodes))


CHECKERS = {KClique: is_clique, KDomset: nx.is_dominating_set, KVercov: is_cover}


def colorings(graph, k):
    ways = product(range(k), repeat=len(graph))
    return [way for way in ways if all(way[u] != way[v] for u, v in graph.edges)]


def num_partitions(graph, k):
    """Count the partitions into at most k independent sets: colourings up to renaming."""
    return len({tuple(way.index(color) for color in way) for way in colorings(graph, k)})


def num_sets(law, graph, k):
    return sum(CHECKERS[type(law)](graph, nodes) for nodes in combinations(graph, k))


def num_models(formula):
    if not formula.num_variables:
        return 1
    with solver(formula.clauses) as engine:
        return sum(1 for _ in engine.enum_models())


def random_graphs(count, largest):
    generator = rng()
    for _ in range(count):
        size = int(generator.integers(2, largest + 1))
        graph = nx.gnp_random_graph(size, generator.random(), seed=int(generator.integers(2**31)))
        edges = np.array(graph.edges, dtype=np.int64).reshape(-1, 2)
        yield graph, edges[:, ::-1] if generator.random() < 0.5 else edges


# Encodings


@pytest.mark.parametrize("law_type", SET_LAWS)
def test_a_formula_has_one_model_for_every_set_that_is_asked_for(law_type):
    answers = set()
    for graph, edges in random_graphs(60, 7):
        for k in range(law_type.least_k, len(graph) + 1):
            law = law_type((k,))
            formula = law.encode(edges, len(graph), k)
            assert num_models(formula) == num_sets(law, graph, k), (graph.edges, k)
            model = solve(formula).model
            answers.add(model is not None)
            if model is not None:
                chosen = np.nonzero(model.reshape(k, len(graph)))[1].tolist()
                assert chosen == sorted(set(chosen))
                assert len(chosen) == k
                assert CHECKERS[law_type](graph, chosen)
    assert answers == {True, False}


@pytest.mark.parametrize("breaks_symmetry", [False, True])
def test_a_formula_has_one_model_for_every_coloring(breaks_symmetry):
    answers = set()
    for graph, edges in random_graphs(60, 6):
        for k in (2, 3, 4):
            law = KColoring((k,), breaks_symmetry=breaks_symmetry)
            formula = law.encode(edges, len(graph), k)
            model = solve(formula).model
            ways = colorings(graph, k)
            answers.add(bool(ways))
            assert (model is not None) == bool(ways)
            if breaks_symmetry:
                ways = [way for way in ways if all(c <= v for v, c in enumerate(way))]
            assert num_models(formula) == len(ways)
            if model is not None:
                one_hot = model.reshape(len(graph), k)
                assert (one_hot.sum(axis=1) == 1).all()
                assert tuple(one_hot.argmax(axis=1)) in ways
    assert answers == {True, False}


def test_known_graphs_have_what_they_are_known_to_have():
    petersen = nx.petersen_graph()
    edges = np.array(petersen.edges)

    def answers(law_type, ks):
        return [solve(law_type((k,)).encode(edges, 10, k)).model is not None for k in ks]

    assert answers(KClique, (2, 3)) == [True, False]
    assert answers(KColoring, (2, 3)) == [False, True]
    assert answers(KDomset, (2, 3)) == [False, True]
    assert answers(KVercov, (5, 6)) == [False, True]


def test_only_broken_symmetry_tells_colors_and_slots_apart():
    edges = np.array(nx.cycle_graph(5).edges)

    def is_symmetric(formula, moved):
        renamed = {tuple(sorted(moved(np.array(c)).tolist())) for c in formula.clauses}
        return renamed == {tuple(sorted(c)) for c in formula.clauses}

    def swapped(order):  # permutes the colours of all vertices
        def moved(literals):
            vertex, color = np.divmod(abs(literals) - 1, 3)
            return np.sign(literals) * (1 + 3 * vertex + np.array(order)[color])

        return moved

    orders = list(permutations(range(3)))
    plain, broken = (KColoring((3,), breaks_symmetry=b).encode(edges, 5, 3) for b in (False, True))
    assert all(is_symmetric(plain, swapped(order)) for order in orders)
    assert sum(is_symmetric(broken, swapped(order)) for order in orders) == 1


# Thresholds


@pytest.mark.parametrize("law_type", LAWS)
def test_at_the_threshold_exactly_one_is_expected_over_all_graphs_of_four_vertices(law_type):
    pairs = list(combinations(range(4), 2))
    for k in range(law_type.least_k, 4 - law_type.slack + 1):
        law = law_type((k,))
        p = law.threshold(4, k)
        assert 0 < p < 1
        expected = 0.0
        for chosen in product((False, True), repeat=6):
            graph = nx.empty_graph(4)
            graph.add_edges_from(pair for pair, is_in in zip(pairs, chosen, strict=True) if is_in)
            count = num_partitions(graph, k) if law_type is KColoring else num_sets(law, graph, k)
            expected += count * p ** sum(chosen) * (1 - p) ** (6 - sum(chosen))
        assert expected == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize(("law_type", "k"), [(KClique, 3), (KDomset, 2), (KVercov, 4)])
def test_problems_are_drawn_at_the_threshold(law_type, k):
    generator, law = rng(), law_type((k,))
    counts = [num_models(law.draw(9, generator).formula) for _ in range(500)]
    error = np.std(counts) / np.sqrt(len(counts))
    assert error < 0.15
    assert np.mean(counts) == pytest.approx(1, abs=4 * error)
