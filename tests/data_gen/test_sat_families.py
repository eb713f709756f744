from collections import Counter
from itertools import combinations, product

import networkx as nx
import numpy as np
import pytest
from scipy.stats import binomtest

from data_gen.distribution import GenerationError
from data_gen.sat.cnf import Cnf
from data_gen.sat.distributions.community_attachment import CommunityAttachment
from data_gen.sat.distributions.popularity_similarity import PopularitySimilarity
from data_gen.sat.distributions.random_ksat import RandomKsat
from data_gen.sat.distributions.sr import Sr
from data_gen.sat.pairs import hangs_together, without_repeats

FAMILIES = {"ksat": RandomKsat(), "ca": CommunityAttachment(), "ps": PopularitySimilarity()}
SMALL = {"ksat": 8, "ca": 25, "ps": 10}
ALL = {**FAMILIES, "sr": Sr()}


def rng(seed=0):
    return np.random.default_rng(seed)


def groups(law, size, num, seed=0):
    generator = rng(seed)
    return [law.draw_group(size, generator) for _ in range(num)]


def formulas(law, size, num, seed=0):
    generator = rng(seed)
    return [law.formula(size, generator) for _ in range(num)]


def dpll(clauses):
    """Return whether a list of sets of literals has a model, by the DPLL algorithm."""
    while True:
        if set() in clauses:
            return False
        unit = next((clause for clause in clauses if len(clause) == 1), None)
        if unit is None:
            break
        clauses = assigned(clauses, next(iter(unit)))
    if not clauses:
        return True
    uses = Counter(literal for clause in clauses for literal in clause)
    literal = uses.most_common(1)[0][0]
    return dpll(assigned(clauses, literal)) or dpll(assigned(clauses, -literal))


def assigned(clauses, literal):
    return [clause - {-literal} for clause in clauses if literal not in clause]


def is_sat_by_dpll(formula):
    return dpll([set(clause) for clause in formula.clauses])


def num_models(formula):
    """Return the number of models, by the truth table."""
    table = np.array(list(product([False, True], repeat=formula.num_variables)))
    literals = np.concatenate([table, ~table[:, ::-1]], axis=1)  # -v counts from the end
    holds = [
        literals[:, [v - 1 if v > 0 else v for v in clause]].any(1) for clause in formula.clauses
    ]
    return int(np.all(holds, axis=0).sum())


def variable_graph(formula):
    graph = nx.Graph()
    graph.add_nodes_from(range(1, formula.num_variables + 1))
    for clause in formula.clauses:
        graph.add_edges_from(combinations(sorted(map(abs, clause)), 2))
    return graph


# Every family


@pytest.mark.parametrize("name", ALL)
def test_a_pair_is_a_formula_that_dpll_refutes_and_one_with_a_model(name):
    for pair in groups(ALL[name], SMALL.get(name, 10), 3):
        assert [problem.is_sat for problem in pair] == [False, True]
        assert [is_sat_by_dpll(problem.formula) for problem in pair] == [False, True]
        assert pair[1].formula.is_satisfied(pair[1].model)


@pytest.mark.parametrize("name", ["ksat", "ps", "sr"])
def test_labels_are_those_of_the_truth_table(name):
    for unsat, sat in groups(ALL[name], 7, 8):
        assert num_models(unsat.formula) == 0 < num_models(sat.formula)


@pytest.mark.parametrize("name", ALL)
def test_size_and_generator_alone_decide_the_pair(name):
    size = SMALL.get(name, 10)
    first, again, other = (ALL[name].draw_group(size, rng(seed)) for seed in (1, 1, 2))
    for a, b, c in zip(first, again, other, strict=True):
        assert a.size == b.size == a.formula.num_variables == size
        assert a.formula.clauses == b.formula.clauses != c.formula.clauses


@pytest.mark.parametrize("name", ALL)
def test_a_single_draw_is_either_of_a_pair_with_equal_chance(name):
    generator = rng()
    sat = [ALL[name].draw(SMALL.get(name, 10), generator).is_sat for _ in range(60)]
    assert binomtest(sum(sat), 60).pvalue > 1e-3


@pytest.mark.parametrize("name", FAMILIES)
def test_clauses_have_different_variables_and_no_clause_comes_twice(name):
    law = FAMILIES[name]
    for formula in formulas(law, law.min_size, 10) + formulas(law, 40, 10):
        clauses = formula.clauses
        assert all(len(set(map(abs, clause))) == len(clause) for clause in clauses)
        assert len({frozenset(clause) for clause in clauses}) == len(clauses)


@pytest.mark.parametrize("name", FAMILIES)
def test_signs_are_fair_and_the_number_of_a_variable_tells_nothing(name):
    size = 40
    drawn = formulas(FAMILIES[name], size, 100)
    literals = np.concatenate([formula.literals for formula in drawn])
    assert (literals > 0).mean() == pytest.approx(0.5, abs=0.02)
    pairs = [pair for f in drawn for clause in f.clauses for pair in combinations(clause, 2)]
    apart = np.diff(abs(np.array(pairs)), axis=1)
    # the mean gap of two distinct uniform indices
    assert abs(apart).mean() == pytest.approx((size + 1) / 3, rel=0.05)
    uses = [np.bincount(abs(formula.literals), minlength=size + 1)[1:] for formula in drawn]
    trend = [np.corrcoef(np.arange(size), use)[0, 1] for use in uses]
    assert abs(np.mean(trend)) < 0.06


@pytest.mark.parametrize("name", FAMILIES)
def test_the_smallest_size_has_pairs_and_a_smaller_one_is_an_error(name):
    law = FAMILIES[name]
    assert len(law.draw_group(law.min_size, rng())) == 2
    with pytest.raises(GenerationError, match=rf"^[^\n]*size must [^\n]*got {law.min_size - 1}$"):
        law.draw_group(law.min_size - 1, rng())


def test_a_law_of_one_answer_alone_gives_up_in_one_line():
    with pytest.raises(GenerationError, match=r"^RandomKsat.*size 9 is connected and unsatisf"):
        RandomKsat(4, 1.0).draw_group(9, rng())


def test_formulas_of_a_pair_hang_together_as_networkx_says():
    seen = []
    for formula in formulas(RandomKsat(3, 1.0), 9, 100):
        seen.append(nx.is_connected(variable_graph(formula)))
        assert hangs_together(formula) == seen[-1]
    assert 10 < sum(seen) < 90
    for pair in groups(RandomKsat(2, 1.5), 9, 20):
        assert all(nx.is_connected(variable_graph(problem.formula)) for problem in pair)


def test_a_clause_in_another_order_is_a_repeat():
    formula = Cnf.from_clauses(4, [[1, -2], [3], [-2, 1], [-1, 2], [2, 3, -4], [3], [-4, 2, 3]])
    assert without_repeats(formula).clauses == [[1, -2], [3], [-1, 2], [2, 3, -4]]


# Arguments


@pytest.mark.parametrize(
    ("law", "name", "value"),
    [
        (RandomKsat, "k", 1),
        (RandomKsat, "k", 3.5),
        (RandomKsat, "ratio", 0.0),
        (RandomKsat, "ratio", float("nan")),
        (CommunityAttachment, "k", [5, 4]),
        (CommunityAttachment, "k", [4.5, 5]),
        (CommunityAttachment, "ratio", [13.0]),
        (CommunityAttachment, "communities", [3, 4]),
        (CommunityAttachment, "modularity", [0.95, 1.5]),
        (PopularitySimilarity, "k", [1, 4]),
        (PopularitySimilarity, "beta", [0.0, 1.5]),
        (PopularitySimilarity, "temperature", [0.0, 1.0]),
        (PopularitySimilarity, "num_rigid", 0),
    ],
)
def test_a_bad_argument_is_named_in_one_line(law, name, value):
    with pytest.raises(ValueError, match=rf"^{name} must [^\n]+, got [^\n]+$"):
        law(**{name: value})


def test_only_three_literals_have_a_threshold_of_their_own():
    with pytest.raises(ValueError, match=r"^ratio must be a number for k = 4, got None$"):
        RandomKsat(k=4)
