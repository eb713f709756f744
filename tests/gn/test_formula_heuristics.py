"""Models of formulas without parameters: the constant answer, and the answer from sizes alone."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from data_gen.packed import Packed
from data_gen.sat.cnf import Cnf
from data_gen.sat.formula_graph import as_graph, spec
from gn.heuristics.first_moment import NEVER, FirstMoment
from gn.heuristics.majority import Majority
from gn.heuristics.zero import Zero
from tests.conftest import instances
from tests.contracts import batch_of, scores

VOTES = spec(node_out=1)


def logits(*formulas):
    """Return the mean vote of the literals of each formula."""
    batch = Packed.pack([as_graph(one) for one in formulas]).batch(range(len(formulas)))
    votes = FirstMoment(VOTES)(batch).x[:, 0]
    assert (votes[batch.node_type == 1] == 0).all()
    is_mine = [(batch.batch == k) & (batch.node_type == 0) for k in range(len(formulas))]
    return [float(votes[mine].mean()) for mine in is_mine]


def num_models(formula):
    truths = itertools.product([False, True], repeat=formula.num_variables)
    return sum(formula.is_satisfied(np.array(truth)) for truth in truths)


@pytest.mark.parametrize("clauses", [[[1]], [[1, 2], [2, 3], [1, 3]], [[1], [1, 2, 3], [2, 3]], []])
def test_it_is_the_mean_number_of_models_over_all_signs(clauses):
    places = [(c, k) for c, clause in enumerate(clauses) for k in range(len(clause))]
    counts = []
    for signs in itertools.product([-1, 1], repeat=len(places)):
        sign = dict(zip(places, signs, strict=True))
        signed = [[x * sign[c, k] for k, x in enumerate(one)] for c, one in enumerate(clauses)]
        counts.append(num_models(Cnf.from_clauses(3, signed)))
    (logit,) = logits(Cnf.from_clauses(3, clauses))
    assert math.exp(logit) == pytest.approx(np.mean(counts), rel=1e-5)


def test_many_clauses_are_too_many_and_an_empty_one_is():
    clause = [[1, 2, 3]]
    few, many, empty = logits(
        Cnf.from_clauses(3, clause * 5), Cnf.from_clauses(3, clause * 40), Cnf.from_clauses(3, [[]])
    )
    assert few > 0 > many
    assert empty == pytest.approx(NEVER, abs=10)


def test_counts_cannot_tell_a_pair_apart_and_a_constant_is_right_for_half():
    """The two formulas of a pair are consecutive and differ in one sign."""
    task, graphs = instances("satisfiability", 10, 20)
    batch = batch_of(graphs)
    for model, of_sat in ((Majority(VOTES), 1), (Zero(VOTES), 0), (FirstMoment(VOTES), None)):
        found = scores(task, model, batch)
        assert found["correct"].mean() == 0.5
        if of_sat is not None:
            assert (found["correct_sat"] == of_sat).all()
            assert (found["correct_unsat"] == 1 - of_sat).all()


@pytest.mark.parametrize("kind", [Majority, FirstMoment])
def test_a_task_that_does_not_fit_is_refused(kind):
    with pytest.raises(ValueError, match="got untyped nodes"):
        kind(replace(VOTES, node_types=()))
    with pytest.raises(ValueError, match=r"must be \(1, 0, 0\), got \(1, 0, 2\)"):
        kind(replace(VOTES, global_out=2))


def test_the_sum_of_votes_and_their_mean_give_equal_answers():
    task, graphs = instances("satisfiability", 10, 10)
    batch = batch_of(graphs)
    found = [scores(replace(task, votes=how), FirstMoment(VOTES), batch) for how in ("mean", "sum")]
    assert torch.equal(found[0]["correct"], found[1]["correct"])
