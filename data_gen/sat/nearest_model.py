"""The exact distance of an assignment to the nearest model."""

import numpy as np
from torch import Tensor
from torch_geometric.data import Batch

from data_gen.sat.cnf import Cnf
from data_gen.sat.formula_graph import formula_of

MAX_VARIABLES = 100  # for larger formulas the search for the nearest model can take long


def is_near_enough(batch: Batch) -> Tensor:
    """Return for each graph whether its nearest model is searched for [B]."""
    return batch.graph_num_variables <= MAX_VARIABLES


def agreement_with_nearest(truth: Tensor, is_solved: Tensor, batch: Batch) -> Tensor:
    """Return the share of variables [B] on which an assignment [N] and the nearest model agree.

    It is 1 if the assignment is a model, and 0 if there is none or the formula is too large.
    """
    result = is_solved.double()
    wanted = (batch.graph_is_sat & is_near_enough(batch) & ~is_solved).nonzero().squeeze(1)
    for graph in wanted.tolist():
        formula, nodes = formula_of(graph, batch)
        distance = distance_to_nearest(formula, truth[nodes].cpu().numpy())
        result[graph] = 1 - distance / formula.num_variables
    return result.float()


def distance_to_nearest(formula: Cnf, assignment: np.ndarray) -> int:
    """Return the least number of truth values [n] to change until a satisfiable formula is true.

    This is MaxSAT with a soft clause for each truth value, solved by RC2 (Ignatiev et al. 2019) in
    python-sat.
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
