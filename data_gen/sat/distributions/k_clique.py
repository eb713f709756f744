"""k-clique: k vertices, all of them pairwise adjacent."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from data_gen.sat.cnf import Cnf
from data_gen.sat.graph_problem import GraphProblem, cnf_of_blocks, exclude, slots


@dataclass(frozen=True)
class KClique(GraphProblem):
    """The question whether a graph has a clique of k vertices.

    The formula has the variables and clauses of `slots`, and for slots i < j and non-adjacent
    vertices u < v: ¬x(i, u) or ¬x(j, v).

    Source: `CliqueFormula` of CNFgen; `threshold` is from G4SATBench (Li et al. 2024), which
    draws v and graph again until the graph is connected.
    """

    least_k: ClassVar[int] = 2

    def encode(self, edges: np.ndarray, num_nodes: int, k: int) -> Cnf:
        """Return the formula of a graph, with k v variables."""
        x, clauses = slots(num_nodes, k)
        is_apart = np.triu(np.ones((num_nodes, num_nodes), dtype=bool), 1)
        ends = np.sort(edges, axis=1)
        is_apart[ends[:, 0], ends[:, 1]] = False
        apart = exclude(x, *np.nonzero(is_apart))
        return cnf_of_blocks(x.size, [*clauses, apart])

    def threshold(self, num_nodes: int, k: int) -> float:
        """Return the solution p of C(v, k) p^(k (k - 1) / 2) = 1."""
        return math.comb(num_nodes, k) ** (-2 / (k * (k - 1)))
