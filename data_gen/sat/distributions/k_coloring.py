"""k-colouring: k colours, of which adjacent vertices have different ones."""

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
    """Can the graph be coloured with k colours?

    With variables "vertex v has colour c", colours c < d:
      some_c x(v, c)             every vertex has a colour
      ¬x(v, c) or ¬x(v, d)       and no other
      ¬x(u, c) or ¬x(v, c)       for every edge u v

    Colours can be exchanged, so a network that treats equal literals equally can tell that there is
    a colouring, but not name one. `breaks_symmetry` adds ¬x(v, c) for c > v, counted from 0: new
    colours come in the order of the vertices, which every colouring can be renamed to obey.

    Source: `GraphColoringFormula` of CNFgen, without `breaks_symmetry`.
    """

    breaks_symmetry: bool = False

    repeats_to: ClassVar[int] = 40  # of rings with few edges moved
    least_k: ClassVar[int] = 2

    def encode(self, edges: np.ndarray, num_nodes: int, k: int) -> Cnf:
        """Of k v variables."""
        x = 1 + np.arange(num_nodes * k).reshape(num_nodes, k)
        first, second = np.triu_indices(k, 1)
        at_most_one = -np.stack([x[:, first], x[:, second]], axis=-1).reshape(-1, 2)
        apart = -np.stack([x[edges[:, 0]], x[edges[:, 1]]], axis=-1).reshape(-1, 2)
        late = (
            -x[np.triu_indices(num_nodes, 1, k)].reshape(-1, 1) if self.breaks_symmetry else x[:0]
        )
        return cnf_of_blocks(x.size, [x, at_most_one, apart, late])

    def threshold(self, num_nodes: int, k: int) -> float:
        """One partition into at most k independent sets in expectation; colours have no names."""
        return _threshold(num_nodes, k)


@cache
def _threshold(num_nodes: int, k: int) -> float:
    return float(brentq(lambda p: _expected(num_nodes, k, 1 - p) - 1, 0, 1))  # type: ignore[arg-type]


def _expected(num_nodes: int, k: int, q: float) -> float:
    """The expected partitions into 1 ... k independent sets, if two are apart with probability q.

    The set of the last of n vertices has s - 1 of the others: with j sets there are
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
