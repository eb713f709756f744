"""SR(n): pairs of formulas that differ in one literal, one with a model and one without."""

from dataclasses import dataclass
from itertools import count
from typing import ClassVar

import numpy as np

from data_gen.distribution import Distribution
from data_gen.sat.cnf import Cnf, Problem
from data_gen.sat.solver import as_assignment, solver
from data_gen.split import Keep, keep_all

HEAD = 4  # clauses a variable: a pair is decided near 6
FEW = 32  # variables, of which sorting all is faster than drawing one after another


@dataclass(frozen=True)
class Sr(Distribution[Problem]):
    """Random clauses are added until no assignment is left; the last clause decides the pair.

    A clause has k = 1 + Bernoulli(1 - p_short) + Geometric(p_geometric) variables, at most n, each
    negated with probability 1/2. The formula without a model ends with the clause that took the
    last one; its twin has the first literal of that clause negated, and a model. Neither can be
    told from counts. Source: Selsam et al. 2019, section 3; `python/gen_sr_dimacs.py`.

    The pair is that of asking a solver after every clause, but it is asked rarely: a model of the
    first `HEAD` n clauses is one of each of them, and later on, while a model makes a new clause
    true, it is an answer.
    """

    p_short: float = 0.3
    p_geometric: float = 0.4

    group_size: ClassVar[int] = 2
    repeats_to: ClassVar[int] = 4

    def __post_init__(self) -> None:
        for name in ("p_short", "p_geometric"):
            if not 0 < getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name)}: a number in (0, 1] is needed")

    def draw(self, size: int, rng: np.random.Generator) -> Problem:
        """One of a pair, each with probability 1/2."""
        return self.draw_group(size, rng)[int(rng.integers(2))]

    def draw_group(
        self, size: int, rng: np.random.Generator, keep: Keep = keep_all
    ) -> list[Problem]:
        """The formula without a model, then its twin with one: both have one key."""
        del keep
        clauses = _Clauses(self, size, rng)
        grown = _grow(clauses, HEAD * size) or _grow(clauses, 0)
        assert grown is not None, "without clauses there is a model"
        num_clauses, model = grown
        unsat = clauses.first(num_clauses)
        literals = unsat.literals.copy()
        literals[unsat.pointers[-2]] *= -1  # false under the model, as all of the last clause was
        sat = unsat._replace(literals=literals)
        return [Problem(unsat, None, size), Problem(sat, as_assignment(model, size), size)]


class _Clauses:
    """Clauses without end, drawn in blocks; what was drawn once stays."""

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
        """The formula of the first of them."""
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
    """How many clauses it takes until no model is left, and a model of all but the last.

    The first `num_head` are taken at once: None if they have no model already.
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
    raise AssertionError  # clauses have no end


def _whole(model: list[int], size: int) -> set[int]:
    """The literals that are true; variables that no clause has yet are false."""
    literals = set(model)
    if len(literals) < size:
        literals.update(-v for v in range(1, size + 1) if v not in literals)
    return literals


def distinct_variables(num: int, size: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """Rows of `width` distinct variables of 1 ... size, uniform and in random order: [num, width].

    Of more than a few variables, by the first steps of Fisher and Yates' shuffle.
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
