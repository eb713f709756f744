"""Minimal unsatisfiable cores: clauses without a model that have one if any is removed."""

import numpy as np

from data_gen.sat.cnf import Cnf
from data_gen.sat.solver import SOLVER, solver


def minimal_core(formula: Cnf) -> Cnf:
    """Return one of the minimal cores of a formula, always the same, after checking it.

    The core is found by deletion: clauses of a first core are removed one after another as long as
    no model appears (MUSX in python-sat; Marques-Silva 2010).

    Raises:
        ValueError: the formula is satisfiable.
    """
    from pysat.examples.musx import MUSX
    from pysat.formula import CNF

    clauses = formula.clauses
    with MUSX(CNF(from_clauses=clauses), solver=SOLVER, verbosity=0) as engine:
        found = engine.compute()
    if found is None:
        raise ValueError("formula must be unsatisfiable, got one that has a model")
    core = [clauses[number - 1] for number in found]
    if not is_minimal_core(core, formula.num_variables):
        raise AssertionError("MUSX returned clauses that are not a minimal core")
    return Cnf.from_clauses(formula.num_variables, core)


def is_minimal_core(clauses: list[list[int]], num_variables: int) -> bool:
    """Return whether the clauses have no model, but have one if any of them is removed."""
    switches = [num_variables + number for number in range(1, len(clauses) + 1)]
    switched = [[*clause, -switch] for clause, switch in zip(clauses, switches, strict=True)]
    with solver(switched) as engine:
        return not engine.solve(assumptions=switches) and all(
            engine.solve(assumptions=switches[:k] + switches[k + 1 :]) for k in range(len(switches))
        )


def variables_of(formula: Cnf) -> np.ndarray:
    """Return for each variable whether it occurs in a clause: [n] bool."""
    found = np.zeros(formula.num_variables, dtype=bool)
    found[np.abs(formula.literals) - 1] = True
    return found


def induced(formula: Cnf, chosen: np.ndarray) -> Cnf:
    """Return the formula of the clauses whose variables are all chosen ([n] bool)."""
    clauses = formula.clauses
    kept = [clause for clause in clauses if all(chosen[abs(literal) - 1] for literal in clause)]
    return Cnf.from_clauses(formula.num_variables, kept)
