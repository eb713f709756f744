"""Random formulas in batches of shuffled nodes, and plain loops that compute their properties.

An assignment is a dict from variable (counted from 1) to truth value.
"""

import math
from itertools import product

import numpy as np
import torch

from data_gen.sat.cnf import Cnf, Problem
from data_gen.sat.solver import solve
from data_gen.spec import GraphOutput
from tests.contracts import batch_of, relabelled


def random_formula(rng, num_variables, num_clauses, num_unused=0):
    """Return clauses of 1 to 3 distinct variables; the last `num_unused` variables are unused."""
    used = num_variables - num_unused
    clauses = []
    for _ in range(num_clauses):
        variables = rng.permutation(used)[: rng.integers(1, 4)] + 1
        clauses.append([int(v) if rng.random() < 0.5 else -int(v) for v in variables])
    return Cnf.from_clauses(num_variables, clauses)


def random_problems(rng, only=None):
    """Return 12 problems of 2 to 8 variables, satisfiable ("sat"), unsatisfiable or both."""
    problems = []
    while len(problems) < 12:
        n = int(rng.integers(2, 9))
        formula = random_formula(rng, n, int(rng.integers(n, 5 * n)), int(rng.integers(2)))
        model = solve(formula).model
        if only in (None, "sat" if model is not None else "unsat"):
            problems.append(Problem(formula, model, n))
    return problems


def placed(graphs, seed=0):
    """Return the batch of the graphs with shuffled nodes, and the place of each node in it."""
    generator = torch.Generator().manual_seed(seed)
    moved, places, offset = [], [], 0
    for graph in graphs:
        order = torch.randperm(len(graph.x), generator=generator)
        moved.append(relabelled(graph, order))
        places.append((order.argsort() + offset).tolist())
        offset += len(order)
    return batch_of(moved), places


def node(literal, place):
    """Return the node of a literal in the batch."""
    return place[2 * (abs(literal) - 1) + (literal < 0)]


def assignment_of(truth, formula, place):
    """Read the variables from a truth value of each node [N]."""
    chosen = {v: bool(truth[node(v, place)]) for v in range(1, formula.num_variables + 1)}
    assert all(bool(truth[node(-v, place)]) != value for v, value in chosen.items())
    assert not any(truth[k] for k in place[2 * formula.num_variables :])
    return chosen


def holds(clause, chosen):
    return any(chosen[abs(literal)] == (literal > 0) for literal in clause)


def share(clauses, chosen):
    return sum(holds(clause, chosen) for clause in clauses) / len(clauses)


def assignments(num_variables):
    for values in product([False, True], repeat=num_variables):
        yield dict(enumerate(values, 1))


def models(clauses, num_variables):
    return [a for a in assignments(num_variables) if all(holds(c, a) for c in clauses)]


def distance(formula, chosen):
    """Return the number of variables on which the nearest model differs, by enumeration."""
    found = models(formula.clauses, formula.num_variables)
    return min(sum(model[v] != chosen[v] for v in chosen) for model in found)


def best_clusters(points):
    """Return the centres of the two clusters of rows [M, H] with the least sum of squares."""

    def cost(labels):
        parts = [points[labels == k] for k in (False, True)]
        return sum(((part - part.mean(0)) ** 2).sum() for part in parts)

    everything = (
        np.array([False, *rest]) for rest in product([False, True], repeat=len(points) - 1)
    )
    labels = min((labels for labels in everything if labels.any()), key=cost)
    return points[labels].mean(0), points[~labels].mean(0)


def case(task, problems, seed=0):
    """Return the batch of the problems with shuffled nodes, random votes, and the nodes' places."""
    batch, places = placed(
        [task.sample(problem, np.random.default_rng(0)) for problem in problems], seed
    )
    votes = 3 * torch.from_numpy(np.random.default_rng(seed).standard_normal(batch.num_nodes))
    return batch, votes, places


def answer(votes):
    return lambda _: GraphOutput(x=votes.unsqueeze(1))


def sigmoid(z):
    return 1 / (1 + math.exp(-z))


def cross_entropy(z, target):
    return -math.log(sigmoid(z) if target else sigmoid(-z))


def pairs(problem, place, votes):
    """Return the votes of both literals, x and ¬x, of each variable x."""
    n = problem.formula.num_variables
    return [[float(votes[node(u, place)]) for u in (v, -v)] for v in range(1, n + 1)]


SAT, UNSAT = (random_problems(np.random.default_rng(0), only) for only in ("sat", "unsat"))
