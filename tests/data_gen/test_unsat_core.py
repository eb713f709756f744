import numpy as np
import pytest
import torch

from data_gen.sat.cnf import Cnf, Problem
from data_gen.sat.minimal_core import induced, is_minimal_core, minimal_core, variables_of
from data_gen.sat.tasks.unsat_core import UnsatCore
from tests.contracts import batch_of
from tests.data_gen.sat_loops import UNSAT, answer, case, cross_entropy, models, node, pairs


def test_the_loss_of_cores_is_the_cross_entropy_of_the_mean_of_both_votes():
    task = UnsatCore()
    batch, votes, places = case(task, UNSAT)
    losses = []
    for problem, place in zip(UNSAT, places, strict=True):
        labels = variables_of(minimal_core(problem.formula))
        both = zip(pairs(problem, place, votes), labels, strict=True)
        losses.append(np.mean([cross_entropy((a + b) / 2, label) for (a, b), label in both]))
    assert float(task.loss(answer(votes), batch)) == pytest.approx(np.mean(losses), rel=1e-9)


def test_a_core_has_no_model_and_one_without_any_of_its_clauses():
    for problem in UNSAT:
        n, core = problem.formula.num_variables, minimal_core(problem.formula).clauses
        given = [sorted(clause) for clause in problem.formula.clauses]
        assert all(sorted(clause) in given for clause in core)
        assert not models(core, n)
        for k in range(len(core)):
            rest = core[:k] + core[k + 1 :]
            assert models(rest, n)
            assert not is_minimal_core(rest, n)
        assert is_minimal_core(core, n)
        assert not is_minimal_core([*core, [1]], n)


def test_the_label_of_a_core_is_its_variables_on_both_literals():
    batch, _, places = case(UnsatCore(), UNSAT)
    for k, (problem, place) in enumerate(zip(UNSAT, places, strict=True)):
        found = {abs(v) for clause in minimal_core(problem.formula).clauses for v in clause}
        expected = {node(u, place) for v in found for u in (v, -v)}
        assert {i for i in place if batch.in_core[i]} == expected
        assert batch.graph_core_variables[k] == len(found)


def test_another_core_as_small_is_as_good_and_a_larger_one_is_not():
    formula = Cnf.from_clauses(4, [[1], [-1], [2], [-2], [3, 4]])
    task = UnsatCore()
    batch = batch_of([task.sample(Problem(formula, None, 4), np.random.default_rng(0))])
    label = int(batch.in_core.nonzero()[0]) // 2  # 0 or 1
    choices = {
        "label": ([label], [1, 1, 1, 1, 1]),
        "another": ([1 - label], [1, 0, 0.5, 0, 0]),
        "both": ([0, 1], [0, 0, 0.75, 0.5, 1]),
        "no core": ([2], [0, 0, 0.5, 0, 0]),
        "nothing": ([], [0, 0, 0.75, 0, 0]),
    }
    for name, (chosen, expected) in choices.items():
        votes = -torch.ones(batch.num_nodes)
        votes[[2 * v for v in chosen]] = 3  # a variable is scored by the mean vote of its literals
        found = task.score(answer(votes), batch)
        assert [float(value) for value in found.values()] == expected, name


def test_the_clauses_of_chosen_variables_are_those_within_them():
    formula = Cnf.from_clauses(3, [[1], [-1, 2], [3, -2], [2]])
    assert induced(formula, np.array([True, True, False])).clauses == [[1], [-1, 2], [2]]
    assert not variables_of(induced(formula, np.zeros(3, dtype=bool))).any()


def test_an_empty_clause_is_a_core_without_variables():
    task = UnsatCore()
    formula = Cnf.from_clauses(2, [[1, 2], []])
    batch = batch_of([task.sample(Problem(formula, None, 2), np.random.default_rng(0))])
    assert not batch.in_core.any()
    assert [float(v) for v in task.score(task.solution, batch).values()] == [1] * 5
    found = task.score(answer(torch.ones(batch.num_nodes)), batch)
    assert [float(v) for v in found.values()] == [0, 0, 0, 0, 1]
