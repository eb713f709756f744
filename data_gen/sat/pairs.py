"""What laws of SAT formulas share that pair up independent draws: one refuted, one with a model.

A formula is drawn again unless its variables hang together, and holds no clause twice: both as
G4SATBench has it (Li, Guo and Si 2024).
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

MAX_FORMULAS = 2000  # of the laws of conf/, the rarer kind is one in 80 or more


class PairedFormulas(Distribution[Problem]):
    """Pairs of independent formulas of one law."""

    group_size: ClassVar[int] = 2

    @abstractmethod
    def formula(self, size: int, rng: np.random.Generator) -> Cnf:
        """One formula, with or without a model."""

    def draw(self, size: int, rng: np.random.Generator) -> Problem:
        """One of a pair, each with probability 1/2."""
        return self.draw_group(size, rng)[int(rng.integers(2))]

    def draw_group(
        self, size: int, rng: np.random.Generator, keep: Keep = keep_all
    ) -> list[Problem]:
        """The first formula without a model, then the first with one, of those that are kept.

        Raises:
            GenerationError: the size is below the smallest, or `MAX_FORMULAS` were not enough.
        """
        self.check_size(size)
        found: dict[bool, Problem] = {}
        for _ in range(MAX_TRIES):
            problem = self._missing(size, rng, found)
            if keep(problem):
                found[problem.is_sat] = problem
            if len(found) == 2:
                return [found[False], found[True]]
        raise GenerationError(f"{self!r}: too few of size {size} to keep, in {MAX_TRIES} tries")

    def _missing(self, size: int, rng: np.random.Generator, found: Collection[bool]) -> Problem:
        """The next formula whose answer is not found yet."""
        seen = set(found)
        for _ in range(MAX_FORMULAS):
            formula = self.formula(size, rng)
            if not hangs_together(formula):
                continue
            problem = Problem(formula, solve(formula).model, size)
            if problem.is_sat not in found:
                return problem
            seen.add(problem.is_sat)
        what = "none whose variables hang together"
        if seen:
            what = f"only {'' if True in seen else 'un'}satisfiable ones"
        raise GenerationError(f"{self!r}: {MAX_FORMULAS} formulas of size {size} and {what}")


def of_rows(num_variables: int, rows: np.ndarray) -> Cnf:
    """A formula of clauses of the same length, literals [m, k]."""
    num_clauses, width = rows.shape
    pointers = np.arange(num_clauses + 1, dtype=np.int64) * width
    return Cnf(num_variables, rows.astype(np.int32).ravel(), pointers)


def random_signs(variables: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Each variable or its negation with probability 1/2."""
    return np.where(rng.random(variables.shape) < 0.5, -variables, variables)


def without_repeats(formula: Cnf) -> Cnf:
    """Clauses of the same literals in any order are one: the first of them stays."""
    lengths = np.diff(formula.pointers)
    clause = np.repeat(np.arange(formula.num_clauses), lengths)
    holds = np.zeros((formula.num_clauses, 2 * formula.num_variables + 1), dtype=bool)
    holds[clause, formula.literals] = True  # a negative literal counts from the end
    keys = np.packbits(holds, axis=1)
    _, first = np.unique(keys.view(f"V{keys.shape[1]}").ravel(), return_index=True)
    stays = np.zeros(formula.num_clauses, dtype=bool)
    stays[first] = True
    pointers = np.concatenate([[0], lengths[stays].cumsum()])
    return Cnf(formula.num_variables, formula.literals[stays[clause]], pointers)


def hangs_together(formula: Cnf) -> bool:
    """Whether variables that share a clause link all of them."""
    size, variables = formula.num_variables, abs(formula.literals).astype(np.int64) - 1
    codes = variables[:-1] * size + variables[1:]  # neighbours in a clause ...
    within = np.ones(len(variables), dtype=bool)
    within[formula.pointers[1:-1] - 1] = False  # ... but not across its end
    codes = np.unique(codes[within[:-1]])
    return is_connected(np.stack([codes // size, codes % size], axis=1), size)
