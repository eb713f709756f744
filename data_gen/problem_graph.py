"""A proved formula as an instance: what all SAT tasks begin with."""

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import Data

from data_gen.cnf import Problem
from data_gen.literal_clause_graph import as_graph
from data_gen.sat_solver import solve


def problem_graph(problem: Problem, **fields: Tensor) -> Data:
    """The graph of a formula with what is known of it, and the fields that a task adds.

    Fields: those of `literal_clause_graph`; `literal_is_true` [N], a model of the formula (all
    false where there is none); `graph_is_sat` [B]; `graph_conflicts` [B], the dead ends MiniSat
    meets before it has decided: how hard the formula is; `graph_num_variables` [B].

    Raises:
        AssertionError: the label is not what a complete solver proves.
    """
    formula, model = problem.formula, problem.model
    verdict = solve(formula)
    assert (verdict.model is None) == (model is None), "the label is not what the solver proves"
    literals = np.zeros((formula.num_variables, 2), dtype=bool)
    if model is not None:
        assert formula.is_satisfied(model), "the model does not make the formula true"
        literals = np.stack([model, ~model], axis=1)
    is_true = np.concatenate([literals.ravel(), np.zeros(formula.num_clauses, dtype=bool)])
    return as_graph(
        formula,
        literal_is_true=torch.from_numpy(is_true),
        graph_is_sat=torch.tensor([problem.is_sat]),
        graph_conflicts=torch.tensor([verdict.num_conflicts]),
        graph_num_variables=torch.tensor([formula.num_variables]),
        **fields,
    )
