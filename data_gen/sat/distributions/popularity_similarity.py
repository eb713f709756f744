"""Popularity-similarity: few variables occur in many clauses, and near ones occur together."""

from dataclasses import dataclass

import numpy as np

from data_gen.distribution import interval, whole_interval
from data_gen.sat.cnf import Cnf
from data_gen.sat.pairs import PairedFormulas, without_repeats

CLAUSE_BETA = 1.0  # the exponent of the clauses' popularity, as in the authors' program


@dataclass(frozen=True)
class PopularitySimilarity(PairedFormulas):
    """Formulas on a disk: clauses and variables are points, and a clause has near or central ones.

    A point has a radius r uniform in (0, 1] and an angle uniform on the circle. Variable i and
    clause j are at distance d = r_i^beta r_j θ, where θ is the angle between them, and i occurs in
    j with a probability in proportion to d^(-1/T): at a low temperature T only the nearest
    variables occur, at a high one any may. Each clause first gets `num_rigid` variables (at most
    k). Then (k - num_rigid) m further pairs of a clause and a variable are drawn among all, where m
    is the number of clauses, so that the mean length is k and central clauses are long. Each
    literal is negated with probability 1/2. The number of clauses is floor(ratio n), minus repeated
    clauses. Every formula has its own k, ratio, beta and temperature, uniform in the ranges
    [from, to]; both formulas of a pair have their own as well, so k is informative of the answer.

    "In proportion" means that pairs are drawn one after another without replacement, after taking
    all pairs whose expected count is at least 1. This is the law of the authors' program for T > 0,
    drawn by exponential clocks instead of rejection; this is exact, because each clock rings first
    with a probability in proportion to its rate. The law of the paper has independent pairs of
    probability 1 / (1 + (d / R)^(1/T)), where R sets the mean length.

    Sources: Giráldez-Cru and Levy 2017, "Locality in random SAT instances", and its program; ranges
    and `num_rigid` of PS in G4SATBench (Li, Guo and Si 2024), `generators/ps.py`.

    Raises:
        ValueError: a range or `num_rigid` is not allowed.
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
            object.__setattr__(self, name, value)  # tuples; yaml gives lists
        if not (isinstance(self.num_rigid, int) and self.num_rigid >= 1):
            allowed = "a whole number of at least 1"
            raise ValueError(f"num_rigid must be {allowed}, got {self.num_rigid!r}")

    @property
    def min_size(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The smallest size at which a clause can have k variables, for every k."""
        return self.k[1]

    def formula(self, size: int, rng: np.random.Generator) -> Cnf:
        """Draw one formula, satisfiable or not."""
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
        """Return d^(-1/T) of every clause and variable, [m, n]."""
        beta, temperature = rng.uniform(*self.beta), rng.uniform(*self.temperature)
        radius, clause_radius = 1 - rng.random(size), 1 - rng.random((num_clauses, 1))
        apart = abs(rng.random(size) - rng.random((num_clauses, 1)))  # angle as share of a turn
        apart = np.minimum(apart, 1 - apart).clip(min=np.finfo(float).eps)
        return (apart * radius**beta * clause_radius**CLAUSE_BETA) ** (-1 / temperature)


def _chosen(chance: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Draw `count` entries of each row of [R, C], in proportion to their chances, as a mask.

    Entries are drawn one after another without replacement, after taking all entries whose expected
    count in independent draws would be at least 1.
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
