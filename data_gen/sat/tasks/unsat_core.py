"""UnsatCore: find the variables of an unsatisfiable core of a formula."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits
from torch_geometric.data import Batch, Data

from data_gen.metric import Metric
from data_gen.sat.cnf import Problem
from data_gen.sat.decoding import LITERAL, complements, literal_mean, votes_of
from data_gen.sat.formula_graph import formula_of, problem_graph
from data_gen.sat.formula_task import FormulaTask
from data_gen.sat.minimal_core import induced, minimal_core, variables_of
from data_gen.sat.solver import solve
from data_gen.spec import CERTAIN, GraphOutput
from data_gen.task import Model


@dataclass(frozen=True)
class UnsatCore(FormulaTask):
    """Find the variables of a minimal core of a formula; of a group, the first unsatisfiable one.

    A core is a set of clauses without a model; a minimal core contains no other core. The logit
    of "variable is in the core" is the mean of the votes of its two literals. Source: Li et al.
    2024 (G4SATBench), the task "core variable", where the core is the clauses that a proof of
    CaDiCaL uses and need not be minimal; Selsam and Bjørner 2019 (NeuroCore).

    Fields: those of `problem_graph`; `in_core` [N], true for both literals of a core variable;
    `graph_core_variables` [B], the number of variables of the core.
    """

    asks_of_sat: ClassVar[bool | None] = False
    metrics: ClassVar[Mapping[str, Metric]] = {
        "valid": Metric(binary=True),
        "exact": Metric(binary=True),
        "variable_accuracy": Metric(),
        "core_precision": Metric(),
        "core_recall": Metric(),
    }

    def sample(self, structure: Problem, rng: np.random.Generator) -> Data:
        """Return the graph of the formula with one minimal core.

        Raises:
            ValueError: the formula is satisfiable.
        """
        del rng
        formula = structure.formula
        variables = variables_of(minimal_core(formula))
        in_core = np.concatenate([variables.repeat(2), np.zeros(formula.num_clauses, dtype=bool)])
        return problem_graph(
            structure,
            in_core=torch.from_numpy(in_core),
            graph_core_variables=torch.tensor([int(variables.sum())]),
        )

    def loss(self, model: Model, batch: Batch) -> Tensor:
        """Return the cross-entropy to the labelled core, mean over variables, then formulas."""
        logits = _logits(model(batch), batch)
        target = batch.in_core.to(logits.dtype)
        entropies = binary_cross_entropy_with_logits(logits, target, reduction="none")
        return literal_mean(entropies, batch).mean()

    def score(self, model: Model, batch: Batch) -> dict[str, Tensor]:
        """Return the scores of every instance, each [B].

        valid: the clauses whose variables are all chosen have no model, as a solver proves, and at
        most as many variables are chosen as the labelled core has, so another core counts as well.
        exact: the chosen variables are the labelled ones. variable_accuracy: the share of variables
        that agree with the label. core_precision: the labelled share of the chosen variables, 0 if
        none is chosen; core_recall: the chosen share of the labelled variables. An empty clause is
        a core without variables: then recall is 1, and precision is 1 if none is chosen.
        """
        chosen = (_logits(model(batch), batch) > 0) & (batch.node_type == LITERAL)
        accuracy = literal_mean((chosen == batch.in_core).float(), batch)
        both = literal_mean((chosen & batch.in_core).float(), batch)
        in_core = literal_mean(batch.in_core.float(), batch)
        share = literal_mean(chosen.float(), batch)
        return {
            "valid": _is_valid(chosen, batch).float(),
            "exact": (accuracy == 1).float(),
            "variable_accuracy": accuracy,
            "core_precision": torch.where(share > 0, both / share, (in_core == 0).float()),
            "core_recall": torch.where(in_core > 0, both / in_core, 1.0),
        }

    def solution(self, batch: Batch) -> GraphOutput:
        """Return votes that encode the labelled core."""
        return GraphOutput(x=CERTAIN * (2.0 * batch.in_core - 1).unsqueeze(1))


def _logits(output: GraphOutput, batch: Batch) -> Tensor:
    """Return the logit of each literal's variable [N]."""
    votes = votes_of(output)
    return (votes + votes[complements(batch)]) / 2


def _is_valid(chosen: Tensor, batch: Batch) -> Tensor:
    """Return whether the chosen variables [N] hold a core with as few variables as the label [B].

    Both nodes of a chosen variable are set.
    """
    num_chosen = literal_mean(chosen.double(), batch) * batch.graph_num_variables
    is_valid = num_chosen.round() <= batch.graph_core_variables
    for graph in is_valid.nonzero().squeeze(1).tolist():
        formula, nodes = formula_of(graph, batch)
        is_valid[graph] = solve(induced(formula, chosen[nodes].cpu().numpy())).model is None
    return is_valid
