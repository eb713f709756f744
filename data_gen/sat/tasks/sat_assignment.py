"""Which assignment makes a formula true? Answered by votes of its literals."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits
from torch_geometric.data import Batch, Data

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
    """Find a model of a satisfiable formula; of a group of formulas the first that has one.

    The logit of "literal is true" is its vote less that of its complement. Two things can be
    trained: "supervised" is the cross-entropy to one model of possibly many, the stored one;
    "unsupervised" is `clause_loss`, which asks for no model in particular. Source: Li et al. 2024
    (G4SATBench), the task "assignment".

    Fields: those of `problem_graph`.
    """

    objective: str = field(default="unsupervised", repr=False)  # or "supervised"

    asks_of_sat: ClassVar[bool | None] = True
    metrics: ClassVar[Mapping[str, Metric]] = {
        "solved": Metric(binary=True),
        "clauses_satisfied": Metric(),
        "agreement": Metric(),
    }

    def __post_init__(self) -> None:
        if self.objective not in ("supervised", "unsupervised"):
            raise ValueError(
                f"objective is {self.objective!r}: supervised and unsupervised are allowed"
            )

    def sample(self, structure: Problem, rng: np.random.Generator) -> Data:
        """The graph of the formula, with the model it came with."""
        del rng
        if not structure.is_sat:
            raise ValueError("the formula has no model: a satisfiable one is needed")
        return problem_graph(structure)

    def loss(self, model: Model, batch: Batch) -> Tensor:
        """The objective, mean over variables or clauses, then over formulas."""
        votes = votes_of(model(batch))
        logits = votes - votes[complements(batch)]
        if self.objective == "unsupervised":
            return clause_loss(logits, batch).mean()
        truth = batch.literal_is_true.to(logits.dtype)
        entropies = binary_cross_entropy_with_logits(logits, truth, reduction="none")
        return literal_mean(entropies, batch).mean()  # the same of both literals

    def score(self, model: Model, batch: Batch) -> dict[str, Tensor]:
        """Scores of every instance, each [B].

        solved: the assignment makes the formula true, as a checker says; clauses_satisfied: the
        share of clauses that it makes true; agreement: the share of variables that need not
        change to the nearest model of the formula.
        """
        truth = by_votes(votes_of(model(batch)), batch)
        share = share_satisfied(truth.unsqueeze(0), batch).squeeze(0)
        return {
            "solved": (share == 1).float(),
            "clauses_satisfied": share,
            "agreement": agreement_with_nearest(truth, share == 1, batch),
        }

    def defined(self, batch: Batch) -> dict[str, Tensor]:
        """The nearest model is looked for in formulas that are not too large."""
        return {"agreement": is_near_enough(batch)}

    def picture(self, model: Watched, batch: Batch, **given: int) -> Picture | None:
        """The literals in the space of the states, after each round."""
        options(given)
        return literal_picture(model, batch)

    def solution(self, batch: Batch) -> GraphOutput:
        """The model that the formula came with."""
        return GraphOutput(x=CERTAIN * (2.0 * batch.literal_is_true - 1).unsqueeze(1))
