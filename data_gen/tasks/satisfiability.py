"""Is a formula satisfiable? Asked as one bit, answered by votes of its literals."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits
from torch_geometric.data import Batch, Data
from torch_geometric.utils import scatter

from data_gen.cnf import Problem
from data_gen.literal_clause_graph import as_graph, spec
from data_gen.nearest_model import agreement_with_nearest, is_near_enough
from data_gen.sat_decoding import LITERAL, candidates, share_satisfied
from data_gen.sat_solver import solve
from data_gen.spec import GraphOutput, GraphSpec
from data_gen.task import Model, Task

CERTAIN = 30.0  # a logit that leaves no doubt in float32


@dataclass(frozen=True)
class Satisfiability(Task[Problem]):
    """One bit for each formula is all that is trained; assignments are read from the inside.

    The logit of "satisfiable" is the mean (or sum) of the votes of all literals. Source: Selsam et
    al. 2019 (NeuroSAT).

    Fields: those of `literal_clause_graph`; `literal_is_true` [N], a model of the formula (all
    false where there is none); `graph_is_sat` [B]; `graph_conflicts` [B], the dead ends MiniSat
    meets before it has decided: how hard the formula is; `graph_num_variables` [B].
    """

    votes: str = field(default="mean", repr=False)  # or "sum"

    structure: ClassVar[type] = Problem
    size_unit: ClassVar[str] = "variables"
    binary_metrics: ClassVar[frozenset[str]] = frozenset(
        {"correct", "correct_sat", "correct_unsat", "solved"}
    )

    def __post_init__(self) -> None:
        if self.votes not in ("mean", "sum"):
            raise ValueError(f"votes is {self.votes!r}: mean and sum are allowed")

    @property
    def spec(self) -> GraphSpec:
        """A vote of every node goes out, of which those of literals count."""
        return spec(node_out=1)

    def sample(self, structure: Problem, rng: np.random.Generator) -> Data:
        """The graph of the formula, its label proved once more by a complete solver."""
        del rng
        return problem_graph(structure)

    def loss(self, model: Model, batch: Batch) -> Tensor:
        """Cross-entropy of the one bit."""
        logits = self._logits(_votes(model(batch)), batch)
        return binary_cross_entropy_with_logits(logits, batch.graph_is_sat.to(logits.dtype))

    def score(self, model: Model, batch: Batch) -> dict[str, Tensor]:
        """Scores of every instance, each [B].

        correct: the bit is right; correct_sat and correct_unsat: of those that are, and are not,
        satisfiable. Of those that are: solved: an assignment that was read from the votes or the
        states makes the formula true, as a checker says; clauses_satisfied: the largest share of
        clauses that one of them makes true; agreement: the share of variables that need not
        change to the nearest model of the formula, from the assignment of that share.
        """
        output = model(batch)
        votes = _votes(output)
        correct = ((self._logits(votes, batch) > 0) == batch.graph_is_sat).float()
        truths = candidates(votes, output.states, batch)
        shares = share_satisfied(truths, batch)  # [K, B]
        best, index = shares.max(dim=0)
        truth = truths.gather(0, index[batch.batch].unsqueeze(0)).squeeze(0)
        return {
            "correct": correct,
            "correct_sat": correct,
            "correct_unsat": correct,
            "solved": (best == 1).float(),
            "clauses_satisfied": best,
            "agreement": agreement_with_nearest(truth, best == 1, batch),
        }

    def defined(self, batch: Batch) -> dict[str, Tensor]:
        """What is asked of formulas with a model, or without."""
        of_sat = dict.fromkeys(("correct_sat", "solved", "clauses_satisfied"), batch.graph_is_sat)
        near = batch.graph_is_sat & is_near_enough(batch)
        return {**of_sat, "correct_unsat": ~batch.graph_is_sat, "agreement": near}

    def solution(self, batch: Batch) -> GraphOutput:
        """The label, by votes that tell the model too."""
        is_sat = batch.graph_is_sat[batch.batch]
        votes = torch.where(is_sat, 2.0 * CERTAIN * batch.literal_is_true, -CERTAIN)
        return GraphOutput(x=votes.unsqueeze(1))

    def _logits(self, votes: Tensor, batch: Batch) -> Tensor:
        """The mean or sum of the votes [N] of a graph's literals, [B]."""
        is_literal = (batch.node_type == LITERAL).to(votes.dtype)
        sums = scatter(is_literal * votes, batch.batch, 0, batch.num_graphs, "sum")
        return sums if self.votes == "sum" else sums / (2 * batch.graph_num_variables)


def problem_graph(problem: Problem) -> Data:
    """The graph of a formula with what is known of it; raises AssertionError for a wrong label."""
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
    )


def _votes(output: GraphOutput) -> Tensor:
    """The one column of votes [N]."""
    if output.x is None:
        raise ValueError("the model gave no votes of nodes")
    return output.x.squeeze(1)
