"""SR(n): pairs of a satisfiable and an unsatisfiable formula that differ in one literal."""

from dataclasses import dataclass
from itertools import count
from typing import ClassVar

import numpy as np

from data_gen.distribution import Distribution
from data_gen.sat.cnf import Cnf, Problem
from data_gen.sat.solver import as_assignment, solver
from data_gen.split import Keep, keep_all

HEAD = 4  # clauses per variable that are added at once; most formulas are unsatisfiable near 6
FEW = 32  # up to this many variables, sorting all is faster than drawing one after another


@dataclass(frozen=True)
class Sr(Distribution[Problem]):
    """Pairs of formulas: random clauses are added until the formula becomes unsatisfiable.

    A clause has k = 1 + Bernoulli(1 - p_short) + Geometric(p_geometric) variables, at most n, each
    negated with probability 1/2. The unsatisfiable formula ends with the clause that removed the
    last model; its twin has the first literal of this clause negated and is satisfiable. Counts of
    literals do not tell them apart. Source: Selsam et al. 2019, section 3;
    `python/gen_sr_dimacs.py`.

    The result is the same as if a solver were called after every clause, but calls are rare: the
    first `HEAD` n clauses are solved at once, and later the solver is called only if the last model
    does not satisfy the new clause.

    Raises:
        ValueError: `p_short` or `p_geometric` is not in (0, 1].
    """

    p_short: float = 0.3
    p_geometric: float = 0.4

    group_size: ClassVar[int] = 2
    repeats_to: ClassVar[int] = 4

    def __post_init__(self) -> None:
        for name in ("p_short", "p_geometric"):
            if not 0 < getattr(self, name) <= 1:
                value = getattr(self, name)
                raise ValueError(f"{name} must be a number in (0, 1], got {value!r}")

    def draw(self, size: int, rng: np.random.Generator) -> Problem:
        """Draw a pair and return one member, each with probability 1/2."""
        return self.draw_group(size, rng)[int(rng.integers(2))]

    def draw_group(
        self, size: int, rng: np.random.Generator, keep: Keep = keep_all
    ) -> list[Problem]:
        """Draw the unsatisfiable formula, then its satisfiable twin; both have the same key."""
        del keep
        clauses = _Clauses(self, size, rng)
        grown = _grow(clauses, HEAD * size) or _grow(clauses, 0)
        assert grown is not None, "a formula without clauses has a model"
        num_clauses, model = grown
        unsat = clauses.first(num_clauses)
        literals = unsat.literals.copy()
        literals[unsat.pointers[-2]] *= -1  # false in the model, as is the whole last clause
        sat = unsat._replace(literals=literals)
        return [Problem(unsat, None, size), Problem(sat, as_assignment(model, size), size)]


class _Clauses:
    """An endless sequence of clauses, drawn in blocks; drawn clauses stay."""

    def __init__(self, law: Sr, size: int, rng: np.random.Generator) -> None:
        self.law, self.size, self.rng = law, size, rng
        self.rows: list[list[int]] = []  # for the solver
        self.literals: list[np.ndarray] = []  # of each block, flat
        self.lengths: list[np.ndarray] = []

    def __getitem__(self, index: int) -> list[int]:
        while index >= len(self.rows):
            self._draw_block(16 + 6 * self.size)
        return self.rows[index]

    def first(self, num_clauses: int) -> Cnf:
        """Return the formula of the first `num_clauses` clauses."""
        lengths = np.concatenate(self.lengths)[:num_clauses]
        pointers = np.concatenate([[0], lengths.cumsum()])
        return Cnf(self.size, np.concatenate(self.literals)[: pointers[-1]], pointers)

    def _draw_block(self, num: int) -> None:
        law, rng = self.law, self.rng
        is_long = rng.random(num) >= law.p_short
        lengths = np.minimum(1 + is_long + rng.geometric(law.p_geometric, num), self.size)
        literals = distinct_variables(num, self.size, int(lengths.max()), rng)
        literals[rng.random(literals.shape) < 0.5] *= -1
        flat = literals[np.arange(literals.shape[1]) < lengths[:, None]].astype(np.int32)
        self.literals.append(flat)
        self.lengths.append(lengths)
        ends = lengths.cumsum().tolist()
        listed = flat.tolist()
        self.rows += [listed[a:b] for a, b in zip([0, *ends[:-1]], ends, strict=True)]


def _grow(clauses: _Clauses, num_head: int) -> tuple[int, list[int]] | None:
    """Add clauses until no model is left.

    Returns:
        The number of clauses, and a model of all but the last of them. None if the first
        `num_head` clauses, which are added at once, have no model.
    """
    head = [clauses[index] for index in range(num_head)]
    with solver(head) as engine:
        if not engine.solve():
            return None
        model = _whole(engine.get_model(), clauses.size)
        for index in count(num_head):
            clause = clauses[index]
            engine.add_clause(clause)
            if model.isdisjoint(clause):
                if not engine.solve():
                    return index + 1, list(model)
                model = _whole(engine.get_model(), clauses.size)
    raise AssertionError  # the sequence of clauses is endless


def _whole(model: list[int], size: int) -> set[int]:
    """Return the true literals of a model; variables that are in no clause yet are false."""
    literals = set(model)
    if len(literals) < size:
        literals.update(-v for v in range(1, size + 1) if v not in literals)
    return literals


def distinct_variables(num: int, size: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """Draw rows of `width` distinct variables of 1 ... size, in uniform random order [num, width].

    For more than `FEW` variables the rows are the first steps of a Fisher-Yates shuffle.
    """
    if size <= FEW:
        return rng.random((num, size)).argsort(axis=1)[:, :width] + 1
    deck = np.tile(np.arange(1, size + 1), (num, 1))
    rows = np.arange(num)
    picks = (rng.random((width, num)) * (size - np.arange(width)[:, None])).astype(np.int64)
    for place in range(width):
        pick = picks[place] + place
        drawn = deck[rows, pick]
        deck[rows, pick] = deck[:, place]
        deck[:, place] = drawn
    return deck[:, :width]
