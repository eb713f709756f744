from collections import Counter
from itertools import combinations, count, permutations
from math import comb

import networkx as nx
import numpy as np
import pytest
from scipy.stats import binomtest

from data_gen.sat.distributions.community_attachment import CommunityAttachment
from data_gen.sat.distributions.popularity_similarity import PopularitySimilarity, _chosen
from data_gen.sat.distributions.random_ksat import RandomKsat
from data_gen.sat.distributions.sr import Sr, _Clauses
from data_gen.sat.solver import solve, solver
from tests.data_gen.test_sat_families import formulas, groups, num_models, rng


def weighted_graph(formula):
    """Return the graph of variables: a clause of k adds 1 / C(k, 2) to the weight of each pair."""
    graph = nx.Graph()
    for clause in formula.clauses:
        for a, b in combinations(map(abs, clause), 2):
            before = graph.get_edge_data(a, b, {"weight": 0})["weight"]
            graph.add_edge(a, b, weight=before + 1 / comb(len(clause), 2))
    return graph


def communities(formula):
    graph = weighted_graph(formula)
    found = nx.community.louvain_communities(graph, seed=0)
    return nx.community.modularity(graph, found), found


# SR, the distribution of NeuroSAT


def test_sr_clauses_have_4_2_literals_and_a_problem_has_the_published_number_of_them():
    for size, expected, num in ((10, 68, 800), (40, 228, 200)):
        unsat = [pair[0].formula for pair in groups(Sr(), size, num)]
        num_clauses = [formula.num_clauses for formula in unsat]
        assert np.mean(num_clauses) == pytest.approx(expected, rel=0.03)
    lengths = np.concatenate([np.diff(formula.pointers) for formula in unsat])
    assert lengths.mean() == pytest.approx(4.20, rel=0.03)
    assert lengths.min() == 2


def test_sr_of_200_variables_has_the_published_number_of_clauses():
    num_clauses = [pair[0].formula.num_clauses for pair in groups(Sr(), 200, 40)]
    assert np.mean(num_clauses) == pytest.approx(1083, rel=0.03)


@pytest.mark.parametrize("size", [2, 5, 10, 40])
def test_sr_is_the_loop_that_asks_after_every_clause_of_the_same_stream(size):
    for seed in range(8):
        unsat, sat = Sr().draw_group(size, rng(seed))
        clauses = _Clauses(Sr(), size, rng(seed))
        with solver() as engine:
            for last in count():
                engine.add_clause(clauses[last])
                if not engine.solve():
                    break
        expected = [clauses[index] for index in range(last + 1)]
        assert unsat.formula.clauses == expected
        expected[-1] = [-expected[-1][0], *expected[-1][1:]]
        assert sat.formula.clauses == expected


def test_the_two_of_an_sr_pair_differ_in_one_literal():
    for unsat, sat in groups(Sr(), 12, 20):
        differ = np.flatnonzero(unsat.formula.literals != sat.formula.literals)
        assert differ.tolist() == [unsat.formula.pointers[-2]]
        assert unsat.formula.literals[differ] == -sat.formula.literals[differ]
        assert np.array_equal(unsat.formula.pointers, sat.formula.pointers)


# Random k-SAT


def test_half_of_the_3_sat_formulas_at_the_threshold_have_a_model():
    drawn = [f for size in (30, 40, 50) for f in formulas(RandomKsat(), size, 100)]
    assert binomtest(sum(solve(f).model is not None for f in drawn), 300).pvalue > 1e-3


def test_the_number_of_clauses_is_that_of_g4satbench():
    for size, expected in ((10, 55), (40, 175), (200, 853)):
        assert RandomKsat().formula(size, rng()).num_clauses == expected
    formula = RandomKsat(5, 2.5).formula(11, rng())
    assert formula.num_clauses == 27
    assert set(np.diff(formula.pointers)) == {5}


def test_the_mean_number_of_models_is_that_of_different_clauses():
    # an assignment falsifies one of the 8 clauses on each 3 variables
    size, total = 7, comb(7, 3) * 8
    expected = 2**size * comb(total - comb(size, 3), 45) / comb(total, 45)
    found = [num_models(formula) for formula in formulas(RandomKsat(), size, 1000)]
    error = np.std(found) / np.sqrt(len(found))
    assert np.mean(found) == pytest.approx(expected, abs=4 * error)
    assert 4 * error < expected


# Community attachment


def test_modularity_and_clauses_are_those_asked_for():
    law = CommunityAttachment((4, 4), (6, 6), (5, 5), (0.7, 0.7))
    formula = law.formula(201, rng())
    assert formula.num_clauses == 6 * 201
    modularity, found = communities(formula)
    assert modularity == pytest.approx(0.7, abs=0.02)
    assert sorted(map(len, found)) == [40, 40, 40, 40, 41]
    home = {variable: j for j, members in enumerate(found) for variable in members}
    counts = Counter(len({home[abs(v)] for v in clause}) for clause in formula.clauses)
    assert set(counts) == {1, 4}
    assert binomtest(counts[1], formula.num_clauses, 0.7 + 1 / 5).pvalue > 1e-3


def test_ranges_are_those_of_g4satbench():
    drawn = formulas(CommunityAttachment(), 100, 60)
    assert {np.diff(formula.pointers)[0] for formula in drawn} == {4, 5}
    ratios = [formula.num_clauses / 100 for formula in drawn]
    assert 12.5 < min(ratios) < 13.5 < 14.5 < max(ratios) <= 15


# Popularity and similarity


def test_clauses_have_three_variables_or_more_and_k_on_the_average():
    for k, shortest in ((4, 3), (5, 3), (3, 3)):
        formula = PopularitySimilarity((k, k), (7, 7), (0, 0), (2, 2)).formula(60, rng())
        lengths = np.diff(formula.pointers)
        assert lengths.min() == shortest
        assert formula.num_clauses == pytest.approx(7 * 60, rel=0.02)
        assert lengths.mean() == pytest.approx(k, rel=0.01)
    rigid = PopularitySimilarity((4, 4), (7, 7), num_rigid=4).formula(60, rng())
    assert set(np.diff(rigid.pointers)) == {4}


def test_a_few_variables_are_popular_where_beta_is_one():
    """Uses fall as r^(-beta / T): the tenth with the smallest r has 10^(-1 + 1 / 2) = 32 %."""
    shares = {}
    for beta in (0.0, 1.0):
        law = PopularitySimilarity((3, 3), (7, 7), (beta, beta), (2.0, 2.0))
        uses = [np.bincount(abs(f.literals), minlength=201)[1:] for f in formulas(law, 200, 10)]
        shares[beta] = np.mean([np.sort(use)[-20:].sum() / use.sum() for use in uses])
    assert shares[0.0] < 0.2
    assert shares[1.0] == pytest.approx(10**-0.5, abs=0.05)


def test_clauses_are_local_at_a_low_temperature():
    modularity = {}
    for temperature in (0.25, 100.0):
        law = PopularitySimilarity((3, 3), (3, 3), (0, 0), (temperature, temperature))
        modularity[temperature] = communities(law.formula(150, rng()))[0]
    assert modularity[0.25] > 0.75
    assert modularity[100.0] < 0.4


def test_variables_are_drawn_one_after_another_in_proportion_to_their_chances():
    chance = np.array([3.0, 2.0, 2.0, 1.0, 1.0])
    expected = Counter()
    for a, b in permutations(range(5), 2):
        total = chance.sum()
        expected[frozenset((a, b))] += chance[a] / total * chance[b] / (total - chance[a])
    drawn = _chosen(np.tile(chance, (20_000, 1)), 2, rng())
    found = Counter(frozenset(np.flatnonzero(row).tolist()) for row in drawn)
    assert set(found) == set(expected)
    for pair, probability in expected.items():
        assert binomtest(found[pair], 20_000, probability).pvalue > 1e-4


def test_a_variable_that_is_expected_once_or_more_is_certain():
    """The first of three is found at once (3 * 100 >= 113), then the second (2 * 10 >= 13)."""
    drawn = _chosen(np.tile([100.0, 10.0, 1.0, 1.0, 1.0, 0.0], (3000, 1)), 3, rng())
    uses = drawn.sum(axis=0)
    assert uses[[0, 1, 5]].tolist() == [3000, 3000, 0]
    assert uses[2:5] == pytest.approx(1000, abs=110)
