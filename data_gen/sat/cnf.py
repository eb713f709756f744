"""Cnf: formulas in conjunctive normal form. Problem: a formula whose answer is proved."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from data_gen.sat.formula_key import formula_key


class Cnf(NamedTuple):
    """A conjunction of clauses as flat arrays; literals as in DIMACS: v or -v, v from 1."""

    num_variables: int
    literals: np.ndarray  # [sum of clause lengths] int32
    pointers: np.ndarray  # [m + 1] int64: clause j is literals[pointers[j]:pointers[j + 1]]

    @classmethod
    def from_clauses(cls, num_variables: int, clauses: Iterable[Sequence[int]]) -> "Cnf":
        """Return the formula of the given clauses.

        Raises:
            ValueError: a literal is 0 or its variable is above `num_variables`.
        """
        clauses = list(clauses)
        lengths = np.array([len(clause) for clause in clauses], dtype=np.int64)
        literals = np.array([v for clause in clauses for v in clause], dtype=np.int32)
        variables = abs(literals)
        if len(literals) and not (variables.min() >= 1 and variables.max() <= num_variables):
            wrong = literals[(variables < 1) | (variables > num_variables)]
            raise ValueError(f"literals must be ±1 to ±{num_variables}, got {wrong[0]}")
        return cls(num_variables, literals, np.concatenate([[0], lengths.cumsum()]))

    @property
    def num_clauses(self) -> int:
        """The number of clauses m."""
        return len(self.pointers) - 1

    @property
    def clauses(self) -> list[list[int]]:
        """The clauses as lists of literals, as solvers take them."""
        literals, pointers = self.literals.tolist(), self.pointers.tolist()
        return [literals[a:b] for a, b in pairwise(pointers)]

    @property
    def key(self) -> int:
        """The key that decides the split of a formula that can be drawn twice."""
        return formula_key(self.num_variables, self.literals, self.pointers)

    def satisfied(self, assignment: np.ndarray) -> np.ndarray:
        """Return for each clause whether an assignment [n] of truth values satisfies it, [m]."""
        is_true = assignment[np.abs(self.literals) - 1] == (self.literals > 0)
        clause = np.repeat(np.arange(self.num_clauses), np.diff(self.pointers))
        return np.bincount(clause, weights=is_true, minlength=self.num_clauses) > 0

    def is_satisfied(self, assignment: np.ndarray) -> bool:
        """Return whether an assignment [n] of truth values satisfies every clause."""
        return bool(self.satisfied(assignment).all())


class Problem(NamedTuple):
    """A formula with its proved answer: the structure SAT distributions draw and SAT tasks take."""

    formula: Cnf
    model: np.ndarray | None  # [n] bool, satisfies the formula; None: a solver refuted the formula
    size: int  # the requested size: the number of variables, or of vertices of a graph problem

    @property
    def is_sat(self) -> bool:
        """True if the formula is satisfiable."""
        return self.model is not None

    @property
    def key(self) -> int:
        """The key of the formula."""
        return self.formula.key
