import math
from itertools import chain

import numpy as np
import pytest
import torch

from data_gen.cell import Cell
from data_gen.sat.clause_loss import clause_loss
from data_gen.sat.cnf import Problem
from data_gen.sat.distributions.sr import Sr
from data_gen.sat.formula_graph import problem_graph
from data_gen.sat.solver import solve
from data_gen.sat.tasks.sat_assignment import SatAssignment
from data_gen.sat.tasks.satisfiability import Satisfiability
from data_gen.sat.tasks.unsat_core import UnsatCore
from tests.contracts import batch_of, scores
from tests.data_gen.sat_loops import (
    SAT,
    UNSAT,
    answer,
    assignments,
    case,
    cross_entropy,
    holds,
    pairs,
    sigmoid,
)

TASKS = [
    (Satisfiability(), [*SAT, *UNSAT]),
    (Satisfiability(votes="sum"), [*SAT, *UNSAT]),
    (SatAssignment(), SAT),
    (SatAssignment(objective="supervised"), SAT),
    (UnsatCore(), UNSAT),
]


@pytest.mark.parametrize(("task", "problems"), TASKS)
def test_the_solution_is_perfect_whatever_the_order_of_nodes(task, problems):
    batch, _, _ = case(task, problems)
    for values in scores(task, task.solution, batch).values():
        assert len(values)
        assert (values == 1).all()
    assert task.loss(task.solution, batch) < 1e-6


@pytest.mark.parametrize(("task", "problems"), TASKS)
def test_the_order_of_nodes_makes_no_difference_to_any_score(task, problems):
    batch, votes, places = case(task, problems)
    moved, _, others = case(task, problems, seed=1)
    there = torch.empty_like(votes)
    there[list(chain(*others))] = votes[list(chain(*places))]
    ours, theirs = scores(task, answer(votes), batch), scores(task, answer(there), moved)
    for name, values in ours.items():
        torch.testing.assert_close(values, theirs[name])


@pytest.mark.parametrize("votes", ["mean", "sum"])
def test_the_bit_is_trained_by_the_mean_or_sum_of_the_votes_of_literals(votes):
    task = Satisfiability(votes=votes)
    batch, values, places = case(task, [*SAT, *UNSAT])
    losses = []
    for problem, place in zip([*SAT, *UNSAT], places, strict=True):
        logit = np.sum(pairs(problem, place, values))
        if votes == "mean":
            logit /= 2 * problem.formula.num_variables
        losses.append(cross_entropy(logit, problem.is_sat))
    assert float(task.loss(answer(values), batch)) == pytest.approx(np.mean(losses), rel=1e-9)


def test_the_supervised_loss_is_the_cross_entropy_of_each_variable():
    task = SatAssignment(objective="supervised")
    batch, votes, places = case(task, SAT)
    losses = []
    for problem, place in zip(SAT, places, strict=True):
        both = zip(pairs(problem, place, votes), problem.model, strict=True)
        losses.append(np.mean([cross_entropy(a - b, truth) for (a, b), truth in both]))
    assert float(task.loss(answer(votes), batch)) == pytest.approx(np.mean(losses), rel=1e-9)


def test_the_unsupervised_loss_is_that_of_a_loop():
    task = SatAssignment()
    batch, votes, places = case(task, SAT)
    losses = []
    for problem, place in zip(SAT, places, strict=True):
        logits = [a - b for a, b in pairs(problem, place, votes)]
        terms = []
        for clause in problem.formula.clauses:
            false = [1 - sigmoid(logits[abs(v) - 1] * (1 if v > 0 else -1)) for v in clause]
            terms.append(-math.log(1 - math.prod(false)))
        losses.append(np.mean(terms))
    assert float(task.loss(answer(votes), batch)) == pytest.approx(np.mean(losses), rel=1e-9)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("size", [0, 20, 100, 1e4])
def test_the_unsupervised_loss_of_large_logits_has_a_finite_gradient(size, dtype):
    batch, votes, _ = case(SatAssignment(), SAT)
    for signs in (votes.sign(), torch.ones_like(votes), -torch.ones_like(votes)):
        logits = (size * signs).to(dtype).requires_grad_()
        loss = clause_loss(logits, batch)
        loss.sum().backward()
        assert loss.isfinite().all()
        assert logits.grad.isfinite().all()
    # all literals are false, and the gradient still raises them
    assert size == 0 or float(logits.grad.sum()) < -1


def test_what_satisfies_all_clauses_has_the_lower_loss():
    task = SatAssignment()
    for problem in SAT[:6]:
        formula = problem.formula
        batch = batch_of([task.sample(problem, np.random.default_rng(0))])
        losses = {True: [], False: []}
        for chosen in assignments(formula.num_variables):
            votes = torch.zeros(batch.num_nodes)
            for v, value in chosen.items():
                votes[2 * (v - 1)] = 8 if value else -8
            is_model = all(holds(clause, chosen) for clause in formula.clauses)
            losses[is_model].append(float(task.loss(answer(votes), batch)))
        assert not losses[False] or max(losses[True]) < 0.01 < min(losses[False])


@pytest.mark.parametrize(("task", "is_sat"), [(SatAssignment(), True), (UnsatCore(), False)])
def test_only_formulas_of_one_kind_are_posed_one_of_each_pair(task, is_sat):
    cell = Cell(task, Sr(), (4, 6), "test")
    assert cell.group_size == 1
    graphs = cell.instances(0, 10)
    assert [bool(graph.graph_is_sat) for graph in graphs] == [is_sat] * 10
    both = Cell(Satisfiability(), Sr(), (4, 6), "test").instances(0, 10)
    assert [bool(graph.graph_is_sat) for graph in both] == [False, True] * 5
    assert task.posed(UNSAT if is_sat else SAT) == []


def test_a_wrong_label_is_refused():
    sat, unsat = SAT[0].formula, UNSAT[0].formula
    anything = np.zeros(unsat.num_variables, dtype=bool)
    wrong = next(a for a in map(np.array, np.ndindex(*[2] * sat.num_variables))
                 if not sat.is_satisfied(a.astype(bool))).astype(bool)  # fmt: skip
    for problem in (Problem(sat, None, 2), Problem(unsat, anything, 2), Problem(sat, wrong, 2)):
        with pytest.raises(AssertionError):
            problem_graph(problem)
    with pytest.raises(ValueError, match="must be satisfiable"):
        SatAssignment().sample(Problem(unsat, None, 2), np.random.default_rng(0))
    with pytest.raises(ValueError, match="must be unsatisfiable"):
        UnsatCore().sample(Problem(sat, None, 2), np.random.default_rng(0))
    assert solve(sat).model is not None


def test_an_unknown_objective_is_refused():
    with pytest.raises(
        ValueError, match="objective must be one of supervised, unsupervised, got 'both'"
    ):
        SatAssignment(objective="both")
    assert repr(SatAssignment()) == repr(SatAssignment(objective="supervised"))
