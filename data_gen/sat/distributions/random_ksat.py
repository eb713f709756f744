"""Random k-SAT: all sets of m clauses of k variables are equally likely."""

from dataclasses import dataclass
from math import comb, factorial, log2

import numpy as np

from data_gen.sat.cnf import Cnf, Problem
from data_gen.sat.distributions.sr import distinct_variables
from data_gen.sat.pairs import PairedFormulas, of_rows, random_signs, without_repeats
from data_gen.sat.solver import solve
from data_gen.split import Keep, keep_all

MAX_RATIO = 1000
BITS = 50  # a million training and a million test formulas then share 0.001 formulas on average


@dataclass(frozen=True)
class RandomKsat(PairedFormulas):
    """Formulas of m = floor(ratio n) distinct clauses of k variables, all equally likely.

    Without a ratio (for k = 3 only) m is the number at which half of the formulas are satisfiable,
    by the fit of Crawford and Auton 1996: floor(4.258 n + 58.26 n^(-2/3)). A pair is the first
    unsatisfiable and the first satisfiable formula; the two share m, but no clauses. With
    `is_paired` false, formulas are used as they are drawn, even if their variables are not
    connected; this suits ratios at which nearly all formulas are satisfiable, or nearly none.
    Source: 3-SAT of G4SATBench (Li, Guo and Si 2024), `generators/3-sat.py`.

    Raises:
        ValueError: `k` or `ratio` is not allowed.
    """

    k: int = 3
    ratio: float | None = None
    is_paired: bool = True

    def __post_init__(self) -> None:
        if not (isinstance(self.k, int) and self.k >= 2):
            raise ValueError(f"k must be a whole number of at least 2, got {self.k!r}")
        if self.ratio is None and self.k != 3:
            raise ValueError(f"ratio must be a number for k = {self.k}, got None")
        if self.ratio is not None and not 0 < self.ratio <= MAX_RATIO:
            raise ValueError(f"ratio must be a number in (0, {MAX_RATIO}], got {self.ratio!r}")

    @property
    def group_size(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The group size: 2 for pairs, else 1."""
        return 2 if self.is_paired else 1

    @property
    def min_size(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The smallest size at which there are more than m distinct clauses."""
        size = self.k
        while self.num_clauses(size) >= comb(size, self.k) * 2**self.k:
            size += 1
        return size

    @property
    def repeats_to(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The largest size with fewer than 2^`BITS` formulas up to names and signs, at most 64."""
        size = self.k
        while size <= 64 and self._bits(size) < BITS:
            size += 1
        return size - 1

    def _bits(self, size: int) -> float:
        """Return log2 of the number of formulas of a size up to names and signs."""
        num_formulas = comb(comb(size, self.k) * 2**self.k, self.num_clauses(size))
        return log2(max(num_formulas, 1)) - size - log2(factorial(size))

    def num_clauses(self, size: int) -> int:
        """Return the number of clauses m."""
        if self.ratio is not None:
            return int(self.ratio * size)
        return int(4.258 * size + 58.26 * size ** (-2 / 3))

    def formula(self, size: int, rng: np.random.Generator) -> Cnf:
        """Draw one formula, satisfiable or not."""
        num_clauses, formula = self.num_clauses(size), of_rows(size, np.empty((0, self.k)))
        while formula.num_clauses < num_clauses:
            missing = num_clauses - formula.num_clauses
            rows = random_signs(distinct_variables(missing, size, self.k, rng), rng)
            drawn = np.concatenate([formula.literals.reshape(-1, self.k), rows])
            formula = without_repeats(of_rows(size, drawn))
        return formula

    def draw(self, size: int, rng: np.random.Generator) -> Problem:
        """Draw one formula; of a pair, each member with probability 1/2."""
        return super().draw(size, rng) if self.is_paired else self.draw_group(size, rng)[0]

    def draw_group(
        self, size: int, rng: np.random.Generator, keep: Keep = keep_all
    ) -> list[Problem]:
        """Draw a pair, an unsatisfiable formula and then a satisfiable one; or one formula.

        Raises:
            GenerationError: the size is below the smallest, or no pair was found.
        """
        if self.is_paired:
            return super().draw_group(size, rng, keep)
        self.check_size(size)
        formula = self.formula(size, rng)
        return [Problem(formula, solve(formula).model, size)]
