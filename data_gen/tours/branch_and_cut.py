"""Shortest tours with a proof: integer programs to which violated subtour cuts are added."""

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, milp
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

SCALE = 1000.0  # factor of costs: HiGHS stops at an absolute gap of 1e-6, which is 1e-9 unscaled
TOLERANCE = 1e-7  # the largest relative difference between the tour and the proved bound


class UnprovedTourError(RuntimeError):
    """The solver did not prove that its tour is the shortest."""


def shortest_tour(distance: np.ndarray) -> np.ndarray:
    """Return the nodes [n] in the order of a shortest closed tour that begins at node 0.

    The program chooses two edges of each node, of the smallest total length. While its solution
    has several cycles, a cut requires that at least two edges leave each of them. The last program
    is a relaxation whose optimum is a tour. Source: Dantzig, Fulkerson and Johnson 1954; solver:
    HiGHS.

    Args:
        distance: [n, n], symmetric, n >= 3.

    Raises:
        UnprovedTourError: the lower bound of the solver is not the length of the tour.
    """
    n = len(distance)
    ends = np.stack(np.triu_indices(n, 1))  # [2, m], each pair once
    cost = distance[ends[0], ends[1]]
    m = len(cost)
    incidence = csr_array((np.ones(2 * m), (ends.ravel(), np.tile(np.arange(m), 2))), shape=(n, m))
    degrees, cuts = LinearConstraint(incidence, 2, 2), np.zeros((0, m))
    while True:
        rows = [LinearConstraint(csr_array(cuts), 2, np.inf)] if len(cuts) else []
        result = milp(
            SCALE * cost,
            integrality=np.ones(m),
            bounds=Bounds(0, 1),
            constraints=[degrees, *rows],
            options={"mip_rel_gap": 0.0},
        )
        _check_proof(result)
        chosen = ends[:, result.x > 0.5]
        graph = csr_array((np.ones(chosen.shape[1]), tuple(chosen)), shape=(n, n))
        num_cycles, cycle = connected_components(graph, directed=False)
        if num_cycles == 1:
            return _in_order(chosen, n)
        leaves = [(cycle[ends] == c).sum(axis=0) == 1 for c in range(num_cycles)]
        cuts = np.concatenate([cuts, np.stack(leaves)])


def _check_proof(result: OptimizeResult) -> None:
    if result.status != 0 or result.fun - result.mip_dual_bound > TOLERANCE * result.fun:
        raise UnprovedTourError(f"HiGHS: {result.message}")


def _in_order(edges: np.ndarray, n: int) -> np.ndarray:
    """Return the nodes [n] in the order of one cycle of edges [2, n], from node 0."""
    beside: list[list[int]] = [[] for _ in range(n)]
    for one, other in edges.T.tolist():
        beside[one].append(other)
        beside[other].append(one)
    order = [0, beside[0][0]]
    while len(order) < n:
        one, other = beside[order[-1]]
        order.append(other if one == order[-2] else one)
    return np.array(order)
