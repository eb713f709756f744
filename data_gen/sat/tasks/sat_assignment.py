"""SatAssignment: find an assignment that satisfies a formula, by votes of its literals."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits
from torch_geometric.data import Batch, Data

from data_gen.distribution import check_one_of
from data_gen.metric import Metric
from data_gen.picture import Picture, Watched, options
from data_gen.sat.clause_loss import clause_loss
from data_gen.sat.cnf import Problem
from data_gen.sat.decoding import (
    by_votes,
    complements,
    literal_mean,
    share_satisfied,
    votes_of,
)
from data_gen.sat.formula_graph import problem_graph
from data_gen.sat.formula_task import FormulaTask
from data_gen.sat.nearest_model import agreement_with_nearest, is_near_enough
from data_gen.sat.picture import literal_picture
from data_gen.spec import CERTAIN, GraphOutput
from data_gen.task import Model


@dataclass(frozen=True)
class SatAssignment(FormulaTask):
    """Find a model of a satisfiable formula; of a group, the first satisfiable formula is used.

    The logit of "literal is true" is its vote minus the vote of its complement. There are two
    objectives: "supervised" is the cross-entropy to the stored model, one of possibly many;
    "unsupervised" is `clause_loss`, which prefers no particular model. Source: Li et al. 2024
    (G4SATBench), the task "assignment".

    Fields: those of `problem_graph`.

    Raises:
        ValueError: `objective` is none of the two.
    """

    objective: str = field(default="unsupervised", repr=False)  # or "supervised"

    asks_of_sat: ClassVar[bool | None] = True
    metrics: ClassVar[Mapping[str, Metric]] = {
        "solved": Metric(binary=True),
        "clauses_satisfied": Metric(),
        "agreement": Metric(),
    }

    def __post_init__(self) -> None:
        check_one_of("objective", self.objective, ("supervised", "unsupervised"))

    def sample(self, structure: Problem, rng: np.random.Generator) -> Data:
        """Return the graph of the formula with its stored model.

        Raises:
            ValueError: the formula is unsatisfiable.
        """
        del rng
        if not structure.is_sat:
            raise ValueError("formula must be satisfiable, got one that has no model")
        return problem_graph(structure)

    def loss(self, model: Model, batch: Batch) -> Tensor:
        """Return the objective, mean over variables or clauses, then over formulas."""
        votes = votes_of(model(batch))
        logits = votes - votes[complements(batch)]
        if self.objective == "unsupervised":
            return clause_loss(logits, batch).mean()
        truth = batch.literal_is_true.to(logits.dtype)
        entropies = binary_cross_entropy_with_logits(logits, truth, reduction="none")
        return literal_mean(entropies, batch).mean()  # both literals of a variable have the same

    def score(self, model: Model, batch: Batch) -> dict[str, Tensor]:
        """Return the scores of every instance, each [B].

        solved: the assignment satisfies the formula, as a checker confirms; clauses_satisfied: the
        share of clauses that it satisfies; agreement: the share of variables on which it agrees
        with the nearest model of the formula.
        """
        truth = by_votes(votes_of(model(batch)), batch)
        share = share_satisfied(truth.unsqueeze(0), batch).squeeze(0)
        return {
            "solved": (share == 1).float(),
            "clauses_satisfied": share,
            "agreement": agreement_with_nearest(truth, share == 1, batch),
        }

    def defined(self, batch: Batch) -> dict[str, Tensor]:
        """Return which formulas are small enough for the search of the nearest model."""
        return {"agreement": is_near_enough(batch)}

    def picture(self, model: Watched, batch: Batch, **given: int) -> Picture | None:
        """Draw the literals in the state space of the model, after each round."""
        options(given)
        return literal_picture(model, batch)

    def solution(self, batch: Batch) -> GraphOutput:
        """Return votes that encode the stored model of the formula."""
        return GraphOutput(x=CERTAIN * (2.0 * batch.literal_is_true - 1).unsqueeze(1))
