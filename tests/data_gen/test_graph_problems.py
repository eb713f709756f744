from pathlib import Path

import numpy as np
import pytest
from omegaconf import OmegaConf

from data_gen.distribution import MAX_TRIES, GenerationError, Mixture
from data_gen.graphs.distributions.forest_fire import ForestFire
from data_gen.graphs.distributions.random_regular import RandomRegular
from data_gen.graphs.distributions.random_tree import RandomTree
from data_gen.sat.cnf import Problem
from data_gen.sat.distributions.k_clique import KClique
from data_gen.sat.distributions.k_coloring import KColoring
from data_gen.sat.distributions.k_domset import KDomset
from data_gen.sat.distributions.k_vercov import KVercov
from data_gen.sat.distributions.sr import Sr
from data_gen.sat.solver import solve
from experiments.settings.construct import construct
from tests.conftest import study

CONF = Path(__file__).parents[2] / "conf" / "distribution"
PAIRED = ["k_clique", "k_domset", "k_vercov", "k_coloring"]
ON_FAMILIES = ["clique_of_graphs", "domset_of_graphs", "vercov_of_graphs", "coloring_of_graphs"]


def rng(seed=0):
    return np.random.default_rng(seed)


def built(stem):
    return construct(OmegaConf.load(CONF / f"{stem}.yaml")[stem], stem)


# Draws


@pytest.mark.parametrize("stem", PAIRED)
def test_a_pair_is_one_without_and_one_with_a_model(stem):
    law = built(stem)
    assert law.group_size == 2
    for size in (law.min_size, *range(5, 16)):
        unsat, sat = law.draw_group(size, rng(size))
        assert isinstance(unsat, Problem)
        assert [unsat.is_sat, sat.is_sat] == [False, True]
        assert sat.formula.is_satisfied(sat.model)
        assert solve(unsat.formula).model is None
        assert unsat.size == sat.size == size
        assert unsat.formula.num_variables == sat.formula.num_variables  # the same k in both
    singles = [law.draw(7, rng(seed)).is_sat for seed in range(40)]
    assert 8 < sum(singles) < 32


@pytest.mark.parametrize("stem", ON_FAMILIES)
def test_problems_of_the_families_have_both_answers_and_every_k(stem):
    law, generator = built(stem), rng()
    assert law.group_size == 1
    problems = [law.draw(10, generator) for _ in range(80)]
    assert {problem.is_sat for problem in problems} == {True, False}
    assert {problem.formula.num_variables for problem in problems} == {10 * k for k in law.k}
    assert law.draw_group(law.min_size, generator)[0].size == law.min_size


def test_only_k_that_fit_are_drawn():
    law = KVercov((3, 4, 5), is_paired=True)
    assert law.min_size == 5
    assert {law.draw(6, rng(seed)).formula.num_variables for seed in range(20)} == {18, 24}
    with pytest.raises(ValueError, match=r"^size must be at least 5 for [^\n]+, got 4$"):
        law.draw_group(4, rng())


def test_a_pair_that_cannot_be_is_an_error_of_one_line():
    law = KColoring((3,), RandomTree(), is_paired=True)
    line = rf"no unsatisfiable problem of size 5 with k = 3 in {MAX_TRIES} tries$"
    with pytest.raises(GenerationError, match=line):
        law.draw_group(5, rng())


@pytest.mark.parametrize("stem", [*PAIRED, *ON_FAMILIES])
def test_the_generator_alone_decides_the_problem(stem):
    law = built(stem)
    first, again, other = (law.draw_group(9, rng(seed))[0].formula for seed in (1, 1, 2))
    assert np.array_equal(first.literals, again.literals)
    assert not np.array_equal(first.literals, other.literals)


# Configuration


def test_the_six_families_have_about_17_edges_at_10_nodes():
    mixture, generator = built("clique_of_graphs").graphs, rng()
    assert len(mixture.distributions) == 6
    assert {built(stem).graphs for stem in ON_FAMILIES} == {mixture}
    means = [
        np.mean([len(law.draw(10, generator).edges) for _ in range(150)])
        for law in mixture.distributions
    ]
    assert all(15 <= mean <= 20 for mean in means)
    assert np.mean(means) == pytest.approx(17, abs=0.6)


@pytest.mark.parametrize("stem", [*PAIRED, *ON_FAMILIES])
def test_equal_configurations_are_equal_laws(stem):
    law, again = built(stem), built(stem)
    assert law == again
    assert hash(law) == hash(again)
    assert repr(law) == repr(again)
    assert law.identity == again.identity
    assert "[" not in repr(law)


def test_lists_and_tuples_are_the_same_law():
    assert KClique([3, 4]) == KClique((3, 4))
    assert repr(KClique([3, 4])) == "KClique(k=(3, 4), graphs=None, is_paired=False)"
    assert Mixture([ForestFire(), RandomRegular()]) == Mixture((ForestFire(), RandomRegular()))


@pytest.mark.parametrize("stem", ON_FAMILIES)
def test_one_family_is_chosen_on_the_command_line(stem):
    node = "{_target_: data_gen.graphs.distributions.forest_fire.ForestFire, p: 0.45}"
    parts = study(
        "task=satisfiability",
        f"distribution@train.distribution={stem}",
        "train.sizes=[10]",
        f"train.distribution.{stem}.graphs.distributions=[{node}]",
    )
    assert parts.home_distribution.graphs == Mixture((ForestFire(0.45),))


def test_the_identity_has_the_versions_of_all_that_is_drawn_from(monkeypatch):
    law = KClique((3,), Mixture((ForestFire(), RandomRegular())))
    before = law.identity
    monkeypatch.setattr(RandomRegular, "generator_version", 2)
    assert law.identity != before


@pytest.mark.parametrize(
    ("law_type", "name", "value"),
    [
        (KClique, "k", []),
        (KClique, "k", 3),
        (KClique, "k", "34"),
        (KClique, "k", [1, 3]),
        (KColoring, "k", [2.0]),
        (KDomset, "k", [0]),
        (KVercov, "k", [True]),
    ],
)
def test_a_bad_argument_is_named_in_one_line(law_type, name, value):
    with pytest.raises(ValueError, match=rf"^{name} must be [^\n]+, got [^\n]+$"):
        law_type(**{name: value})


def test_graphs_are_a_law_of_graphs():
    with pytest.raises(ValueError, match=r"^graphs must be [^\n]+, got Sr[^\n]+$"):
        KClique((3,), Sr())
