import numpy as np
import pytest
import torch

from data_gen.sat import nearest_model
from data_gen.sat.decoding import by_clusters, by_votes, candidates, complements, share_satisfied
from data_gen.sat.formula_graph import formula_of, problem_graph
from data_gen.sat.nearest_model import agreement_with_nearest, distance_to_nearest, is_near_enough
from data_gen.sat.solver import solve
from tests.data_gen.sat_loops import (
    assignment_of,
    best_clusters,
    distance,
    node,
    placed,
    random_formula,
    random_problems,
    share,
)


@pytest.fixture(params=[0, 1])
def case(request):
    """Return problems of several sizes, their batch with shuffled nodes, and the nodes' places."""
    rng = np.random.default_rng(request.param)
    problems = random_problems(rng)
    return rng, problems, *placed([problem_graph(problem) for problem in problems])


def literals(formula):
    return [v for u in range(1, formula.num_variables + 1) for v in (u, -u)]


def planted(problems, places, num_nodes, noise, rng, size=6):
    """Return states around one centre for true literals and around another for false ones."""
    # states of clauses stay as drawn here, since no decoder reads them
    states = 100 * rng.standard_normal((num_nodes, size))
    truths = []
    for problem, place in zip(problems, places, strict=True):
        centres = rng.standard_normal((2, size))
        centres *= 4 / np.linalg.norm(centres[0] - centres[1])
        truth = rng.random(problem.formula.num_variables) < 0.5
        for literal in literals(problem.formula):
            centre = centres[int(truth[abs(literal) - 1] == (literal > 0))]
            states[node(literal, place)] = centre + noise * rng.standard_normal(size)
        truths.append(dict(enumerate(truth.tolist(), 1)))
    return torch.from_numpy(states), truths


def test_a_complement_is_the_other_literal_of_the_variable(case):
    _, problems, batch, places = case
    other = complements(batch).tolist()
    for problem, place in zip(problems, places, strict=True):
        for literal in literals(problem.formula):
            assert other[node(literal, place)] == node(-literal, place)
        assert all(other[k] == k for k in place[2 * problem.formula.num_variables :])


def test_the_literal_with_more_votes_is_true_and_of_equals_the_first(case):
    rng, problems, batch, places = case
    # integers, so that ties are frequent
    votes = rng.integers(-1, 2, batch.num_nodes).astype(np.float32)
    truth = by_votes(torch.from_numpy(votes), batch)
    num_ties = 0
    for problem, place in zip(problems, places, strict=True):
        for v, value in assignment_of(truth, problem.formula, place).items():
            ours, theirs = node(v, place), node(-v, place)
            num_ties += votes[ours] == votes[theirs]
            assert value == ((votes[ours], theirs) > (votes[theirs], ours))
    assert num_ties


def test_the_share_of_true_clauses_is_counted_clause_by_clause(case):
    rng, problems, batch, places = case
    votes = torch.from_numpy(rng.standard_normal((3, batch.num_nodes)))
    truths = torch.stack([by_votes(row, batch) for row in votes])
    shares = share_satisfied(truths, batch)
    for truth, row in zip(truths, shares, strict=True):
        for problem, place, found in zip(problems, places, row.tolist(), strict=True):
            chosen = assignment_of(truth, problem.formula, place)
            assert found == pytest.approx(share(problem.formula.clauses, chosen))
            assert (found == 1) == problem.formula.is_satisfied(np.array(list(chosen.values())))


def test_candidates_are_votes_and_clusters_and_their_complements(case):
    rng, _, batch, _ = case
    votes = torch.from_numpy(rng.standard_normal(batch.num_nodes))
    states = torch.from_numpy(rng.standard_normal((batch.num_nodes, 3)))
    one, two, three, four = candidates(votes, states, batch)
    assert torch.equal(one, by_votes(votes, batch))
    assert torch.equal(three, by_clusters(states, batch))
    for truth, opposite in ((one, two), (three, four)):
        assert torch.equal(truth ^ opposite, batch.node_type == 0)
    assert torch.equal(candidates(votes, None, batch), torch.stack([one, two]))


def test_planted_clusters_are_read_as_the_planted_assignment_or_its_complement(case):
    rng, problems, batch, places = case
    states, truths = planted(problems, places, batch.num_nodes, 0.4, rng)
    votes = torch.zeros(batch.num_nodes)
    found = candidates(votes, states, batch)[2:]
    for problem, place, truth in zip(problems, places, truths, strict=True):
        assert truth in [assignment_of(row, problem.formula, place) for row in found]


def test_a_pair_within_one_cluster_is_read_by_the_sum_of_squares(case):
    rng, problems, batch, places = case
    states, truths = planted(problems, places, batch.num_nodes, 0.3, rng)
    mixed = [k for k, truth in enumerate(truths) if len(truth) > 2]
    for k in mixed:  # move the false literal of the first variable most of the way to the true one
        x, not_x = sorted((node(1, places[k]), node(-1, places[k])), key=lambda _: rng.random())
        states[not_x] += 0.7 * (states[x] - states[not_x])
    read, num_within = by_clusters(states, batch), 0
    for k in mixed:
        formula, place, truth = problems[k].formula, places[k], truths[k]
        read_here = assignment_of(read, formula, place)
        assert read_here in (truth, {v: not value for v, value in truth.items()})
        if len(truth) > 5:
            continue
        centres = best_clusters(states[[node(u, place) for u in literals(formula)]].numpy())
        squares = {
            u: [((states[node(u, place)].numpy() - centre) ** 2).sum() for centre in centres]
            for u in literals(formula)
        }
        expected = {
            v: squares[v][0] + squares[-v][1] < squares[v][1] + squares[-v][0] for v in truth
        }
        assert read_here in (expected, {v: not value for v, value in expected.items()})
        num_within += np.argmin(squares[1]) == np.argmin(squares[-1])
    assert num_within


def test_states_that_are_all_alike_are_read_as_some_assignment(case):
    _, problems, batch, places = case
    read = by_clusters(torch.ones(batch.num_nodes, 4), batch)
    for problem, place in zip(problems, places, strict=True):
        assignment_of(read, problem.formula, place)


def test_the_formula_of_a_graph_is_read_back(case):
    _, problems, batch, places = case
    for index, (problem, place) in enumerate(zip(problems, places, strict=True)):
        formula, nodes = formula_of(index, batch)
        other = complements(batch)
        read = sorted(
            sorted(int((nodes if v > 0 else other[nodes])[abs(v) - 1]) for v in clause)
            for clause in formula.clauses
        )
        assert read == sorted(sorted(node(v, place) for v in c) for c in problem.formula.clauses)
        assert formula.num_variables == problem.formula.num_variables


def test_the_distance_to_the_nearest_model_is_that_of_enumeration():
    rng = np.random.default_rng(0)
    for n in (1, 2, 3, 5, 7, 8, 9, 10):
        formula = random_formula(rng, n, n + 1)
        while solve(formula).model is None:
            formula = random_formula(rng, n, n + 1)
        assignment = rng.random(n) < 0.5
        expected = distance(formula, dict(enumerate(assignment.tolist(), 1)))
        assert distance_to_nearest(formula, assignment) == expected


def test_agreement_is_the_share_of_variables_kept_on_the_way_to_the_nearest_model(
    case, monkeypatch
):
    rng, problems, batch, places = case
    monkeypatch.setattr(nearest_model, "MAX_VARIABLES", 7)
    truth = by_votes(torch.from_numpy(rng.standard_normal(batch.num_nodes)), batch)
    is_solved = share_satisfied(truth.unsqueeze(0), batch)[0] == 1
    agreement = agreement_with_nearest(truth, is_solved, batch).tolist()
    near = is_near_enough(batch).tolist()
    for problem, place, found, is_near in zip(problems, places, agreement, near, strict=True):
        n = problem.formula.num_variables
        assert is_near == (n <= 7)
        chosen = assignment_of(truth, problem.formula, place)
        if not problem.is_sat:
            assert found == 0
        elif is_near:
            assert found == pytest.approx(1 - distance(problem.formula, chosen) / n)
