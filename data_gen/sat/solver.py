"""The complete SAT solver that proves labels: MiniSat 2.2 through python-sat, which is exact.

python-sat is imported when a problem is solved, not before.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from data_gen.sat.cnf import Cnf

SOLVER = "minisat22"


class UndecidedError(ValueError):
    """A formula that takes more conflicts than were allowed."""


class Verdict(NamedTuple):
    """What the solver found."""

    model: np.ndarray | None  # [n] bool; None: there is none
    num_conflicts: int  # dead ends of the search: how hard the formula is


def solver(clauses: Sequence[Sequence[int]] = ()) -> Any:  # noqa: ANN401  (pysat has no types)
    """A fresh incremental solver; a context manager."""
    from pysat.solvers import Solver

    return Solver(name=SOLVER, bootstrap_with=clauses)


def solve(formula: Cnf, max_conflicts: int | None = None) -> Verdict:
    """Decide a formula; a model is checked before it is given back.

    Raises:
        UndecidedError: it takes more than `max_conflicts` conflicts.
    """
    with solver(formula.clauses) as engine:
        engine.conf_budget(-1 if max_conflicts is None else max_conflicts)
        is_sat = engine.solve_limited()
        if is_sat is None:
            raise UndecidedError(f"{SOLVER} has not decided it within {max_conflicts} conflicts")
        model = as_assignment(engine.get_model(), formula.num_variables) if is_sat else None
        verdict = Verdict(model, engine.accum_stats()["conflicts"])
    if model is not None and not formula.is_satisfied(model):
        raise AssertionError(f"{SOLVER} gave a model that is none")
    return verdict


def as_assignment(model: Sequence[int], num_variables: int) -> np.ndarray:
    """Truth values [n] of a solver's model; a variable that no clause has is false."""
    assignment = np.zeros(num_variables, dtype=bool)
    literals = np.asarray(model, dtype=np.int64)
    literals = literals[literals > 0]
    assignment[literals[literals <= num_variables] - 1] = True
    return assignment
