"""How far an assignment is from being right: the distance to the nearest model, exactly."""

import numpy as np
from torch import Tensor
from torch_geometric.data import Batch

from data_gen.sat.cnf import Cnf
from data_gen.sat.formula_graph import formula_of

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
        formula, nodes = formula_of(graph, batch)
        distance = distance_to_nearest(formula, truth[nodes].cpu().numpy())
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
