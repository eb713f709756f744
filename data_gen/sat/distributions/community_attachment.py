"""Community attachment: random formulas whose variables live in communities."""

from dataclasses import dataclass

import numpy as np

from data_gen.distribution import interval, whole_interval
from data_gen.sat.cnf import Cnf
from data_gen.sat.distributions.sr import distinct_variables
from data_gen.sat.pairs import PairedFormulas, of_rows, random_signs, without_repeats


@dataclass(frozen=True)
class CommunityAttachment(PairedFormulas):
    """A clause has its k variables in one of c communities, or in k different ones.

    The former with probability Q + 1/c, where Q is the modularity: one community, and k variables
    of it, uniformly; otherwise k communities, and one variable of each. Communities are as equal in
    size as can be. Signs are fair. The number of clauses is floor(ratio n), less those drawn
    twice. Every formula has a k, ratio, number of communities and modularity of its own, uniform in
    the ranges [from, to], and so have both of a pair. In the default ranges k all but tells the
    answer: with k = 4 one formula in hundreds has a model, with k = 5 nine in ten have.

    A community needs k variables and a clause k communities: k <= c <= n / k. Where Q + 1/c >= 1 no
    clause would join two communities, so c and Q are drawn again (with the rest). At less than
    `min_size`, 25, not every k is to be had; of 20 variables and k = 4, the only one then, one
    formula in some hundreds has a model.

    Sources: Giráldez-Cru and Levy 2016, "Generating SAT instances with community structure";
    ranges and conditions of CA in G4SATBench (Li, Guo and Si 2024), `generators/ca.py`. It is the
    law of the authors' program, except that variables are numbered at random: there, those of a
    community are consecutive.
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
            object.__setattr__(self, name, value)  # of yaml they are lists
        if self._fewest(self.k[1]) > self.communities[1]:
            raise ValueError(
                f"communities is {self.communities}: k up to {self.k[1]} and a modularity of"
                f" {self.modularity[0]} need {self._fewest(self.k[1])}"
            )

    @property
    def min_size(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The smallest size at which every k is to be had."""
        return self.k[1] * self._fewest(self.k[1])

    def _fewest(self, k: int) -> int:
        """How many communities clauses of k variables and the least modularity need."""
        return max(self.communities[0], k, int(1 / (1 - self.modularity[0])) + 1)

    def formula(self, size: int, rng: np.random.Generator) -> Cnf:
        """One formula, with or without a model."""
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
        """k, m, c and Q of one formula."""
        while True:
            k = int(rng.integers(self.k[0], self.k[1] + 1))
            low, high = max(self.communities[0], k), min(self.communities[1], size // k)
            num_clauses = int(rng.uniform(*self.ratio) * size)
            c = int(rng.integers(low, high + 1))
            modularity = rng.uniform(*self.modularity)
            if modularity + 1 / c < 1:
                return k, num_clauses, c, modularity
