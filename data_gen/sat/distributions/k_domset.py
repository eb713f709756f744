"""k-dominating set: k vertices such that every other vertex is adjacent to one of them."""

import math
from dataclasses import dataclass

import numpy as np

from data_gen.sat.cnf import Cnf
from data_gen.sat.graph_problem import GraphProblem, cnf_of_blocks, slots


@dataclass(frozen=True)
class KDomset(GraphProblem):
    """The question whether a graph has a dominating set of k vertices.

    The formula has the variables and clauses of `slots`, and for every vertex v: some x(i, u) with
    u = v or u adjacent to v, in any slot i.

    Source: `DominatingSet` of CNFgen without its variables "v is chosen"; `threshold` is from
    G4SATBench (Li et al. 2024), which draws v and graph again until the graph is connected.
    """

    def encode(self, edges: np.ndarray, num_nodes: int, k: int) -> Cnf:
        """Return the formula of a graph, with k v variables."""
        x, clauses = slots(num_nodes, k)
        is_near = np.eye(num_nodes, dtype=bool)
        is_near[edges[:, 0], edges[:, 1]] = is_near[edges[:, 1], edges[:, 0]] = True
        dominated = [x[:, near].reshape(1, -1) for near in is_near]
        return cnf_of_blocks(x.size, [*clauses, *dominated])

    def threshold(self, num_nodes: int, k: int) -> float:
        """Return the solution p of C(v, k) (1 - (1 - p)^k)^(v - k) = 1."""
        is_dominated = math.comb(num_nodes, k) ** (-1 / (num_nodes - k))
        return 1 - (1 - is_dominated) ** (1 / k)
