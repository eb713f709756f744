"""k-vertex cover: k vertices that touch every edge."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from data_gen.sat.cnf import Cnf
from data_gen.sat.graph_problem import GraphProblem, cnf_of_blocks, slots


@dataclass(frozen=True)
class KVercov(GraphProblem):
    """The question whether a graph has a vertex cover of k vertices.

    The formula has the variables and clauses of `slots`, and for every edge: some x(i, v) with v
    one of its ends, in any slot i.

    The other v - k vertices form a clique of the complement graph, so the graph of `threshold` is
    the complement of that of a (v - k)-clique.

    Source: vertex covers of CNFgen without its variables "v is chosen"; `threshold` is from
    G4SATBench (Li et al. 2024), which draws v and graph again until the graph is connected.
    """

    slack: ClassVar[int] = 2  # with at most one vertex outside, every set of k vertices is a cover

    def encode(self, edges: np.ndarray, num_nodes: int, k: int) -> Cnf:
        """Return the formula of a graph, with k v variables."""
        x, clauses = slots(num_nodes, k)
        covered = np.concatenate([x[:, edges[:, 0]], x[:, edges[:, 1]]]).T  # [m, 2 k]
        return cnf_of_blocks(x.size, [*clauses, covered])

    def threshold(self, num_nodes: int, k: int) -> float:
        """Return the solution p of C(v, k) (1 - p)^((v - k) (v - k - 1) / 2) = 1."""
        others = num_nodes - k
        return 1 - math.comb(num_nodes, k) ** (-2 / (others * (others - 1)))
