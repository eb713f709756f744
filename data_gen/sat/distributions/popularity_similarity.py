"""Popularity and similarity: few variables are in many clauses, near ones meet in a clause."""

from dataclasses import dataclass

import numpy as np

from data_gen.distribution import interval, whole_interval
from data_gen.sat.cnf import Cnf
from data_gen.sat.pairs import PairedFormulas, without_repeats

CLAUSE_BETA = 1.0  # the exponent of the clauses' popularity, as the program has it


@dataclass(frozen=True)
class PopularitySimilarity(PairedFormulas):
    """Variables and clauses are points of a disk; a clause has variables that are near or central.

    A point has a radius r uniform in (0, 1] and an angle uniform on the circle; variable i and
    clause j are d = r_i^beta r_j θ apart, θ the angle between them, and i is in j with a chance in
    proportion to d^(-1/T): at a low temperature T the nearest, at a high one any. Each clause first
    has `num_rigid` variables (at most k); then k - num_rigid times as many pairs as there are
    clauses are drawn of all, so that lengths have mean k and central clauses are long. Signs are
    fair. The number of clauses is floor(ratio n), less those drawn twice. Every formula has a k,
    ratio, beta and temperature of its own, uniform in the ranges [from, to], and so have both of a
    pair: k tells something of the answer.

    "In proportion" is drawing one after another without replacement, once those pairs are taken of
    which 1 or more were expected. This is the law of the authors' program for T > 0, drawn by
    exponential clocks (exact: the first of them is each with the chance of its rate), not by
    rejection. The paper's own law has independent pairs of probability 1 / (1 + (d / R)^(1/T)),
    where R sets the mean length.

    Sources: Giráldez-Cru and Levy 2017, "Locality in random SAT instances", and its program; ranges
    and `num_rigid` of PS in G4SATBench (Li, Guo and Si 2024), `generators/ps.py`.
    """

    k: tuple[int, int] = (4, 5)
    ratio: tuple[float, float] = (6.0, 8.0)
    beta: tuple[float, float] = (0.0, 1.0)
    temperature: tuple[float, float] = (0.75, 1.5)
    num_rigid: int = 3

    def __post_init__(self) -> None:
        ranges = {
            "k": whole_interval("k", self.k, 2),
            "ratio": interval("ratio", self.ratio, 0.1, 1000.0),
            "beta": interval("beta", self.beta, 0.0, 1.0),
            "temperature": interval("temperature", self.temperature, 0.25, 100.0),
        }
        for name, value in ranges.items():
            object.__setattr__(self, name, value)  # of yaml they are lists
        if not (isinstance(self.num_rigid, int) and self.num_rigid >= 1):
            raise ValueError(
                f"num_rigid is {self.num_rigid}: a whole number of 1 or more is needed"
            )

    @property
    def min_size(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The smallest size that has clauses of k variables."""
        return self.k[1]

    def formula(self, size: int, rng: np.random.Generator) -> Cnf:
        """One formula, with or without a model."""
        k = int(rng.integers(self.k[0], self.k[1] + 1))
        num_clauses = int(rng.uniform(*self.ratio) * size)
        chance = self._chances(num_clauses, size, rng)
        num_rigid = min(self.num_rigid, k)
        holds = _chosen(chance, num_rigid, rng)
        if k > num_rigid:
            others = np.where(holds, 0.0, chance).reshape(1, -1)
            holds |= _chosen(others, (k - num_rigid) * num_clauses, rng).reshape(holds.shape)
        clause, variable = holds.nonzero()
        signs = np.where(rng.random(len(variable)) < 0.5, -1, 1)
        pointers = np.searchsorted(clause, np.arange(num_clauses + 1))
        literals = (signs * (variable + 1)).astype(np.int32)
        return without_repeats(Cnf(size, literals, pointers))

    def _chances(self, num_clauses: int, size: int, rng: np.random.Generator) -> np.ndarray:
        """d^(-1/T) of every clause and variable, [m, n]."""
        beta, temperature = rng.uniform(*self.beta), rng.uniform(*self.temperature)
        radius, clause_radius = 1 - rng.random(size), 1 - rng.random((num_clauses, 1))
        apart = abs(rng.random(size) - rng.random((num_clauses, 1)))  # in turns
        apart = np.minimum(apart, 1 - apart).clip(min=np.finfo(float).eps)
        return (apart * radius**beta * clause_radius**CLAUSE_BETA) ** (-1 / temperature)


def _chosen(chance: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """`count` of each row of [R, C], one after another in proportion to their chances, as a mask.

    Before that, those are taken of which a row would have 1 or more, were it drawn independently.
    """
    clock = rng.standard_exponential(chance.shape)
    clock = np.divide(clock, chance, out=np.full_like(clock, np.inf), where=chance > 0)
    left = np.full((len(chance), 1), count)
    chance = chance.copy()
    while True:
        is_certain = (chance * left >= chance.sum(axis=1, keepdims=True)) & (chance > 0)
        if not is_certain.any():
            break
        clock[is_certain], chance[is_certain] = 0.0, 0.0
        left = left - is_certain.sum(axis=1, keepdims=True)
    chosen = np.zeros(chance.shape, dtype=bool)
    np.put_along_axis(chosen, clock.argpartition(count - 1, axis=1)[:, :count], True, axis=1)
    return chosen
