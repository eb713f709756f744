"""Minimal unsatisfiable cores: clauses without a model, of which every one is needed."""

import numpy as np

from data_gen.sat.cnf import Cnf
from data_gen.sat.solver import SOLVER, solver


def minimal_core(formula: Cnf) -> Cnf:
    """One of the minimal cores of a formula, always the same; checked before it is given back.

    Found by deletion: the clauses of a first core are left out one after another while no model
    appears (MUSX in python-sat; Marques-Silva 2010).

    Raises:
        ValueError: the formula has a model.
    """
    from pysat.examples.musx import MUSX
    from pysat.formula import CNF

    clauses = formula.clauses
    with MUSX(CNF(from_clauses=clauses), solver=SOLVER, verbosity=0) as engine:
        found = engine.compute()
    if found is None:
        raise ValueError("the formula has a model: only one without has an unsatisfiable core")
    core = [clauses[number - 1] for number in found]
    if not is_minimal_core(core, formula.num_variables):
        raise AssertionError("MUSX gave a core that is none, or not a minimal one")
    return Cnf.from_clauses(formula.num_variables, core)


def is_minimal_core(clauses: list[list[int]], num_variables: int) -> bool:
    """Whether the clauses have no model together and one without any of them."""
    switches = [num_variables + number for number in range(1, len(clauses) + 1)]
    switched = [[*clause, -switch] for clause, switch in zip(clauses, switches, strict=True)]
    with solver(switched) as engine:
        return not engine.solve(assumptions=switches) and all(
            engine.solve(assumptions=switches[:k] + switches[k + 1 :]) for k in range(len(switches))
        )


def variables_of(formula: Cnf) -> np.ndarray:
    """Which variables a formula has in its clauses: [n] bool."""
    found = np.zeros(formula.num_variables, dtype=bool)
    found[np.abs(formula.literals) - 1] = True
    return found


def induced(formula: Cnf, chosen: np.ndarray) -> Cnf:
    """The clauses all of whose variables are chosen [n]."""
    clauses = formula.clauses
    kept = [clause for clause in clauses if all(chosen[abs(literal) - 1] for literal in clause)]
    return Cnf.from_clauses(formula.num_variables, kept)
