"""The complete SAT solver that proves labels: MiniSat 2.2 through python-sat.

python-sat is imported only when a problem is solved.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from data_gen.sat.cnf import Cnf

SOLVER = "minisat22"


class UndecidedError(ValueError):
    """The solver did not decide a formula within the allowed number of conflicts."""


class Verdict(NamedTuple):
    """The result of the solver."""

    model: np.ndarray | None  # [n] bool; None: the formula is unsatisfiable
    num_conflicts: int  # conflicts of the search, a measure of the formula's hardness


def solver(clauses: Sequence[Sequence[int]] = ()) -> Any:  # noqa: ANN401  (pysat has no types)
    """Return a new incremental solver, which is a context manager."""
    from pysat.solvers import Solver

    return Solver(name=SOLVER, bootstrap_with=clauses)


def solve(formula: Cnf, max_conflicts: int | None = None) -> Verdict:
    """Decide a formula; a model is checked before it is returned.

    Raises:
        UndecidedError: the formula takes more than `max_conflicts` conflicts.
    """
    with solver(formula.clauses) as engine:
        engine.conf_budget(-1 if max_conflicts is None else max_conflicts)
        is_sat = engine.solve_limited()
        if is_sat is None:
            raise UndecidedError(f"{SOLVER} does not decide it within {max_conflicts} conflicts")
        model = as_assignment(engine.get_model(), formula.num_variables) if is_sat else None
        verdict = Verdict(model, engine.accum_stats()["conflicts"])
    if model is not None and not formula.is_satisfied(model):
        raise AssertionError(f"{SOLVER} returned an assignment that is not a model")
    return verdict


def as_assignment(model: Sequence[int], num_variables: int) -> np.ndarray:
    """Return the truth values [n] of a solver's model; variables in no clause are false."""
    assignment = np.zeros(num_variables, dtype=bool)
    literals = np.asarray(model, dtype=np.int64)
    literals = literals[literals > 0]
    assignment[literals[literals <= num_variables] - 1] = True
    return assignment
