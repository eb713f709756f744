"""Community attachment: random formulas whose variables belong to communities."""

from dataclasses import dataclass

import numpy as np

from data_gen.distribution import interval, whole_interval
from data_gen.sat.cnf import Cnf
from data_gen.sat.distributions.sr import distinct_variables
from data_gen.sat.pairs import PairedFormulas, of_rows, random_signs, without_repeats


@dataclass(frozen=True)
class CommunityAttachment(PairedFormulas):
    """Formulas whose clauses have k variables of one of c communities, or of k different ones.

    With probability Q + 1/c, where Q is the modularity, a clause has k variables of one community,
    uniformly; otherwise it has one variable of each of k communities. The sizes of communities
    differ by at most one. Each literal is negated with probability 1/2. The number of clauses is
    floor(ratio n), minus repeated clauses. Every formula has its own k, ratio, number of
    communities and modularity, uniform in the ranges [from, to]; both formulas of a pair have their
    own as well. In the default ranges k almost determines the answer: with k = 4 one formula in
    hundreds is satisfiable, with k = 5 nine in ten are.

    A community needs k variables and a clause needs k communities: k <= c <= n / k. If
    Q + 1/c >= 1, no clause would join two communities, so all arguments are drawn again. Below
    `min_size`, 25, not every k is possible; with 20 variables only k = 4 is, at which one formula
    in some hundreds is satisfiable.

    Sources: Giráldez-Cru and Levy 2016, "Generating SAT instances with community structure";
    ranges and conditions of CA in G4SATBench (Li, Guo and Si 2024), `generators/ca.py`. It is the
    law of the authors' program, except that variables are numbered at random; in the program the
    variables of a community are consecutive.

    Raises:
        ValueError: a range is not allowed, or there are too few communities.
    """

    k: tuple[int, int] = (4, 5)
    ratio: tuple[float, float] = (13.0, 15.0)
    communities: tuple[int, int] = (3, 10)
    modularity: tuple[float, float] = (0.7, 0.9)

    def __post_init__(self) -> None:
        ranges = {
            "k": whole_interval("k", self.k, 2),
            "ratio": interval("ratio", self.ratio, 0.1, 1000.0),
            "communities": whole_interval("communities", self.communities, 2),
            "modularity": interval("modularity", self.modularity, 0.0, 0.99),
        }
        for name, value in ranges.items():
            object.__setattr__(self, name, value)  # tuples; yaml gives lists
        if self._fewest(self.k[1]) > self.communities[1]:
            raise ValueError(
                f"communities must go up to at least {self._fewest(self.k[1])} for k up to"
                f" {self.k[1]} and modularity from {self.modularity[0]}, got"
                f" {list(self.communities)}"
            )

    @property
    def min_size(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The smallest size at which every k is possible."""
        return self.k[1] * self._fewest(self.k[1])

    def _fewest(self, k: int) -> int:
        """Return the number of communities that k variables and the least modularity need."""
        return max(self.communities[0], k, int(1 / (1 - self.modularity[0])) + 1)

    def formula(self, size: int, rng: np.random.Generator) -> Cnf:
        """Draw one formula, satisfiable or not."""
        k, num_clauses, c, modularity = self._arguments(size, rng)
        bounds = np.arange(c + 1) * size // c  # community j: variables bounds[j] to bounds[j + 1]
        home = distinct_variables(num_clauses, c, k, rng) - 1  # [m, k]
        is_inside = rng.random(num_clauses) < modularity + 1 / c
        home[is_inside] = home[is_inside, :1]
        counts = np.diff(bounds)
        places = (rng.random(home.shape) * counts[home]).astype(np.int64)
        keys = rng.random((num_clauses, counts.max()))
        keys[np.arange(counts.max()) >= counts[home[:, :1]]] = 2.0
        places[is_inside] = keys[is_inside].argsort(axis=1)[:, :k]
        variables = rng.permutation(size)[bounds[home] + places] + 1
        return without_repeats(of_rows(size, random_signs(variables, rng)))

    def _arguments(self, size: int, rng: np.random.Generator) -> tuple[int, int, int, float]:
        """Draw k, m, c and Q of one formula."""
        while True:
            k = int(rng.integers(self.k[0], self.k[1] + 1))
            low, high = max(self.communities[0], k), min(self.communities[1], size // k)
            num_clauses = int(rng.uniform(*self.ratio) * size)
            c = int(rng.integers(low, high + 1))
            modularity = rng.uniform(*self.modularity)
            if modularity + 1 / c < 1:
                return k, num_clauses, c, modularity
