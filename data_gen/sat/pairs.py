"""PairedFormulas: laws that pair independent formulas, one unsatisfiable and one satisfiable.

As in G4SATBench (Li, Guo and Si 2024), a formula is drawn again unless its variables are connected
through shared clauses, and no clause occurs twice.
"""

from abc import abstractmethod
from collections.abc import Collection
from typing import ClassVar

import numpy as np

from data_gen.distribution import MAX_TRIES, Distribution, GenerationError
from data_gen.graphs.connectivity import is_connected
from data_gen.sat.cnf import Cnf, Problem
from data_gen.sat.solver import solve
from data_gen.split import Keep, keep_all

MAX_FORMULAS = 2000  # for the laws of conf/, at least one formula in 80 is of the rarer kind


class PairedFormulas(Distribution[Problem]):
    """Pairs of independent formulas of one law."""

    group_size: ClassVar[int] = 2

    @abstractmethod
    def formula(self, size: int, rng: np.random.Generator) -> Cnf:
        """Draw one formula, satisfiable or not."""

    def draw(self, size: int, rng: np.random.Generator) -> Problem:
        """Draw a pair and return one member, each with probability 1/2."""
        return self.draw_group(size, rng)[int(rng.integers(2))]

    def draw_group(
        self, size: int, rng: np.random.Generator, keep: Keep = keep_all
    ) -> list[Problem]:
        """Draw a pair: the first unsatisfiable, then the first satisfiable formula that is kept.

        Raises:
            GenerationError: the size is below the smallest, or no pair was found in `MAX_FORMULAS`
                formulas or `MAX_TRIES` tries.
        """
        self.check_size(size)
        found: dict[bool, Problem] = {}
        for _ in range(MAX_TRIES):
            problem = self._missing(size, rng, found)
            if keep(problem):
                found[problem.is_sat] = problem
            if len(found) == 2:
                return [found[False], found[True]]
        raise GenerationError(f"{self!r}: no pair of size {size} to keep in {MAX_TRIES} tries")

    def _missing(self, size: int, rng: np.random.Generator, found: Collection[bool]) -> Problem:
        """Return the next formula of the kind, satisfiable or not, that is not found yet."""
        seen = set(found)
        for _ in range(MAX_FORMULAS):
            formula = self.formula(size, rng)
            if not hangs_together(formula):
                continue
            problem = Problem(formula, solve(formula).model, size)
            if problem.is_sat not in found:
                return problem
            seen.add(problem.is_sat)
        what = "connected"
        if seen:
            what += f" and {'un' if True in seen else ''}satisfiable"
        raise GenerationError(f"{self!r}: none of {MAX_FORMULAS} formulas of size {size} is {what}")


def of_rows(num_variables: int, rows: np.ndarray) -> Cnf:
    """Return the formula of clauses of equal length, given as literals [m, k]."""
    num_clauses, width = rows.shape
    pointers = np.arange(num_clauses + 1, dtype=np.int64) * width
    return Cnf(num_variables, rows.astype(np.int32).ravel(), pointers)


def random_signs(variables: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Negate each variable with probability 1/2."""
    return np.where(rng.random(variables.shape) < 0.5, -variables, variables)


def without_repeats(formula: Cnf) -> Cnf:
    """Remove repeated clauses, whatever the order of their literals; the first one stays."""
    lengths = np.diff(formula.pointers)
    clause = np.repeat(np.arange(formula.num_clauses), lengths)
    holds = np.zeros((formula.num_clauses, 2 * formula.num_variables + 1), dtype=bool)
    holds[clause, formula.literals] = True  # a negative literal indexes from the end
    keys = np.packbits(holds, axis=1)
    _, first = np.unique(keys.view(f"V{keys.shape[1]}").ravel(), return_index=True)
    stays = np.zeros(formula.num_clauses, dtype=bool)
    stays[first] = True
    pointers = np.concatenate([[0], lengths[stays].cumsum()])
    return Cnf(formula.num_variables, formula.literals[stays[clause]], pointers)


def hangs_together(formula: Cnf) -> bool:
    """Return whether all variables are connected through clauses that they share."""
    size, variables = formula.num_variables, abs(formula.literals).astype(np.int64) - 1
    codes = variables[:-1] * size + variables[1:]  # link consecutive variables ...
    within = np.ones(len(variables), dtype=bool)
    within[formula.pointers[1:-1] - 1] = False  # ... unless the clause ends between them
    codes = np.unique(codes[within[:-1]])
    return is_connected(np.stack([codes // size, codes % size], axis=1), size)
