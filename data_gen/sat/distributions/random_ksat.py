"""Random k-SAT: all clauses of k variables are equally likely."""

from dataclasses import dataclass
from math import comb, factorial, log2

import numpy as np

from data_gen.sat.cnf import Cnf, Problem
from data_gen.sat.distributions.sr import distinct_variables
from data_gen.sat.pairs import PairedFormulas, of_rows, random_signs, without_repeats
from data_gen.sat.solver import solve
from data_gen.split import Keep, keep_all

MAX_RATIO = 1000
BITS = 50  # a million formulas for training and as many for test: one in a thousand such repeats


@dataclass(frozen=True)
class RandomKsat(PairedFormulas):
    """m = floor(ratio n) different clauses, each of k variables and fair signs, all equally likely.

    Without a ratio (k = 3 alone) m is where half of the formulas have a model, by the fit of
    Crawford and Auton 1996: floor(4.258 n + 58.26 n^(-2/3)). A pair is the first formula without a
    model and the first with one: it shares m, but no clauses. If they are not paired, formulas come
    as they are drawn, whether their variables hang together or not: for ratios at which nearly all
    of them have a model, or none. Source: 3-SAT of G4SATBench (Li, Guo
    and Si 2024), `generators/3-sat.py`.
    """

    k: int = 3
    ratio: float | None = None
    is_paired: bool = True

    def __post_init__(self) -> None:
        if not (isinstance(self.k, int) and self.k >= 2):
            raise ValueError(f"k is {self.k}: a whole number of 2 or more is needed")
        if self.ratio is None and self.k != 3:
            raise ValueError(f"ratio is None: a number is needed for k = {self.k}")
        if self.ratio is not None and not 0 < self.ratio <= MAX_RATIO:
            raise ValueError(f"ratio is {self.ratio}: a number in (0, {MAX_RATIO}] is needed")

    @property
    def group_size(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        """A pair, or one."""
        return 2 if self.is_paired else 1

    @property
    def min_size(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The smallest size that has more than m different clauses."""
        size = self.k
        while self.num_clauses(size) >= comb(size, self.k) * 2**self.k:
            size += 1
        return size

    @property
    def repeats_to(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The last size that has fewer than 2^`BITS` formulas up to names and signs, or 64."""
        size = self.k
        while size <= 64 and self._bits(size) < BITS:
            size += 1
        return size - 1

    def _bits(self, size: int) -> float:
        """The logarithm of the number of formulas, all equally likely, up to names and signs."""
        num_formulas = comb(comb(size, self.k) * 2**self.k, self.num_clauses(size))
        return log2(max(num_formulas, 1)) - size - log2(factorial(size))

    def num_clauses(self, size: int) -> int:
        """The number of clauses m."""
        if self.ratio is not None:
            return int(self.ratio * size)
        return int(4.258 * size + 58.26 * size ** (-2 / 3))

    def formula(self, size: int, rng: np.random.Generator) -> Cnf:
        """One formula, with or without a model."""
        num_clauses, formula = self.num_clauses(size), of_rows(size, np.empty((0, self.k)))
        while formula.num_clauses < num_clauses:
            missing = num_clauses - formula.num_clauses
            rows = random_signs(distinct_variables(missing, size, self.k, rng), rng)
            drawn = np.concatenate([formula.literals.reshape(-1, self.k), rows])
            formula = without_repeats(of_rows(size, drawn))
        return formula

    def draw(self, size: int, rng: np.random.Generator) -> Problem:
        """As it comes; if they are paired, each of the two with probability 1/2."""
        return super().draw(size, rng) if self.is_paired else self.draw_group(size, rng)[0]

    def draw_group(
        self, size: int, rng: np.random.Generator, keep: Keep = keep_all
    ) -> list[Problem]:
        """A formula without a model, then one with a model, if they are paired."""
        if self.is_paired:
            return super().draw_group(size, rng, keep)
        self.check_size(size)
        formula = self.formula(size, rng)
        return [Problem(formula, solve(formula).model, size)]
