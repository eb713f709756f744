"""k-colouring: k colours such that adjacent vertices have different ones."""

import math
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import numpy as np
from scipy.optimize import brentq

from data_gen.sat.cnf import Cnf
from data_gen.sat.graph_problem import GraphProblem, cnf_of_blocks


@dataclass(frozen=True)
class KColoring(GraphProblem):
    """The question whether a graph can be coloured with k colours.

    With variables x(v, c), "vertex v has colour c", and colours c < d the clauses are:
      some_c x(v, c)             every vertex has a colour
      ¬x(v, c) or ¬x(v, d)       no vertex has two colours
      ¬x(u, c) or ¬x(v, c)       the ends of every edge u v differ

    Colours are interchangeable, so a network that is equivariant to permutations can tell that a
    colouring exists, but cannot name one. `breaks_symmetry` adds ¬x(v, c) for c > v, counted from
    0: vertex v uses one of the first v + 1 colours. Every colouring can be renamed to obey this.

    Source: `GraphColoringFormula` of CNFgen, without `breaks_symmetry`.
    """

    breaks_symmetry: bool = False

    repeats_to: ClassVar[int] = 40  # for rings with few edges moved
    least_k: ClassVar[int] = 2

    def encode(self, edges: np.ndarray, num_nodes: int, k: int) -> Cnf:
        """Return the formula of a graph, with k v variables."""
        x = 1 + np.arange(num_nodes * k).reshape(num_nodes, k)
        first, second = np.triu_indices(k, 1)
        at_most_one = -np.stack([x[:, first], x[:, second]], axis=-1).reshape(-1, 2)
        apart = -np.stack([x[edges[:, 0]], x[edges[:, 1]]], axis=-1).reshape(-1, 2)
        late = (
            -x[np.triu_indices(num_nodes, 1, k)].reshape(-1, 1) if self.breaks_symmetry else x[:0]
        )
        return cnf_of_blocks(x.size, [x, at_most_one, apart, late])

    def threshold(self, num_nodes: int, k: int) -> float:
        """Return the p with one expected partition of the vertices into at most k colour sets."""
        return _threshold(num_nodes, k)


@cache
def _threshold(num_nodes: int, k: int) -> float:
    return float(brentq(lambda p: _expected(num_nodes, k, 1 - p) - 1, 0, 1))  # type: ignore[arg-type]


def _expected(num_nodes: int, k: int, q: float) -> float:
    """Return the expected number of partitions of the vertices into 1 ... k independent sets.

    Two vertices are not adjacent with probability q. The set of the last of n vertices has s - 1
    of the others, so the expected number of partitions into j sets is
    a(n, j) = sum_s C(n - 1, s - 1) q^(s (s - 1) / 2) a(n - s, j - 1).
    """
    sizes = range(1, num_nodes + 1)
    with_sets = [1.0] + [0.0] * num_nodes  # a(., j), from j = 0
    total = 0.0
    for _ in range(k):
        with_sets = [0.0] + [
            sum(
                math.comb(n - 1, s - 1) * q ** math.comb(s, 2) * with_sets[n - s] for s in sizes[:n]
            )
            for n in sizes
        ]
        total += with_sets[num_nodes]
    return total
