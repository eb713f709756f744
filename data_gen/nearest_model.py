"""How far an assignment is from being right: the distance to the nearest model, exactly."""

import numpy as np
from torch import Tensor
from torch_geometric.data import Batch

from data_gen.cnf import Cnf
from data_gen.sat_decoding import COMPLEMENT, LITERAL, TO_CLAUSE

MAX_VARIABLES = 100  # beyond which the search for the nearest can take long


def is_near_enough(batch: Batch) -> Tensor:
    """Whether the nearest model of each graph is looked for [B]."""
    return batch.graph_num_variables <= MAX_VARIABLES


def agreement_with_nearest(truth: Tensor, is_solved: Tensor, batch: Batch) -> Tensor:
    """The share of variables [B] that an assignment [N] can keep on the way to the nearest model.

    1 where it is a model, 0 where there is none or the formula is too large.
    """
    result = is_solved.double()
    wanted = (batch.graph_is_sat & is_near_enough(batch) & ~is_solved).nonzero().squeeze(1)
    for graph in wanted.tolist():
        formula, assignment = _formula(graph, truth, batch)
        distance = distance_to_nearest(formula, assignment)
        result[graph] = 1 - distance / formula.num_variables
    return result.float()


def distance_to_nearest(formula: Cnf, assignment: np.ndarray) -> int:
    """The least number of truth values [n] to change: MaxSAT, each of them a clause to keep.

    Solved by RC2 (Ignatiev et al. 2019), in python-sat. The formula has a model.
    """
    from pysat.examples.rc2 import RC2
    from pysat.formula import WCNF

    wanted = WCNF()
    wanted.extend(formula.clauses)
    wanted.extend([[v if t else -v] for v, t in enumerate(assignment.tolist(), 1)],
                  weights=[1] * len(assignment))  # fmt: skip
    with RC2(wanted) as engine:
        engine.compute()
        return engine.cost


def _formula(graph: int, truth: Tensor, batch: Batch) -> tuple[Cnf, np.ndarray]:
    """The formula of a graph of the batch, of whose complements the first is positive."""
    first, last = int(batch.ptr[graph]), int(batch.ptr[graph + 1])
    inside = (batch.edge_index[1] >= first) & (batch.edge_index[1] < last)
    edges = (batch.edge_index[:, inside] - first).cpu().numpy()
    kinds = batch.edge_type[inside].cpu().numpy()
    node_type = batch.node_type[first:last].cpu().numpy()
    other = np.arange(last - first)
    other[edges[1, kinds == COMPLEMENT]] = edges[0, kinds == COMPLEMENT]
    positive = np.flatnonzero((node_type == LITERAL) & (np.arange(len(other)) < other))
    code = np.zeros(len(other), dtype=np.int64)  # of a literal, as in DIMACS
    code[positive] = np.arange(1, len(positive) + 1)
    code[other[positive]] = -code[positive]
    senders, receivers = edges[:, kinds == TO_CLAUSE]
    clauses: dict[int, list[int]] = {}
    for literal, clause in zip(code[senders].tolist(), receivers.tolist(), strict=True):
        clauses.setdefault(clause, []).append(literal)
    formula = Cnf.from_clauses(len(positive), clauses.values())
    return formula, truth[first:last].cpu().numpy()[positive]
