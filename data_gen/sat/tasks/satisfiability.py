"""Is a formula satisfiable? Asked as one bit, answered by votes of its literals."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import Batch, Data

from data_gen.answers.mask import Mask
from data_gen.metric import Metric
from data_gen.picture import Picture, Watched, options
from data_gen.sat.cnf import Problem
from data_gen.sat.decoding import candidates, literal_mean, share_satisfied, votes_of
from data_gen.sat.formula_graph import problem_graph
from data_gen.sat.formula_task import FormulaTask
from data_gen.sat.nearest_model import agreement_with_nearest, is_near_enough
from data_gen.sat.picture import literal_picture
from data_gen.spec import CERTAIN, GraphOutput
from data_gen.task import Model

VERDICT = Mask("graph", "graph_is_sat")


@dataclass(frozen=True)
class Satisfiability(FormulaTask):
    """One bit for each formula is all that is trained; assignments are read from the inside.

    The logit of "satisfiable" is the mean (or sum) of the votes of all literals. Source: Selsam et
    al. 2019 (NeuroSAT).

    Fields: those of `problem_graph`.
    """

    votes: str = field(default="mean", repr=False)  # or "sum"

    metrics: ClassVar[Mapping[str, Metric]] = {
        "correct": Metric(binary=True),
        "correct_sat": Metric(binary=True),
        "correct_unsat": Metric(binary=True),
        "solved": Metric(binary=True),
        "clauses_satisfied": Metric(),
        "agreement": Metric(),
    }

    def __post_init__(self) -> None:
        if self.votes not in ("mean", "sum"):
            raise ValueError(f"votes is {self.votes!r}: mean and sum are allowed")

    def sample(self, structure: Problem, rng: np.random.Generator) -> Data:
        """The graph of the formula, its label proved once more by a complete solver."""
        del rng
        return problem_graph(structure)

    def loss(self, model: Model, batch: Batch) -> Tensor:
        """Cross-entropy of the one bit."""
        logits = self._logits(votes_of(model(batch)), batch)
        return VERDICT.part(logits.unsqueeze(1), batch).mean

    def score(self, model: Model, batch: Batch) -> dict[str, Tensor]:
        """Scores of every instance, each [B].

        correct: the bit is right; correct_sat and correct_unsat: of those that are, and are not,
        satisfiable. Of those that are: solved: an assignment that was read from the votes or the
        states makes the formula true, as a checker says; clauses_satisfied: the largest share of
        clauses that one of them makes true; agreement: the share of variables that need not
        change to the nearest model of the formula, from the assignment of that share.
        """
        output = model(batch)
        votes = votes_of(output)
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
        is_sat: Tensor = batch.graph_is_sat
        return {
            "correct_sat": is_sat,
            "correct_unsat": ~is_sat,
            "solved": is_sat,
            "clauses_satisfied": is_sat,
            "agreement": is_sat & is_near_enough(batch),
        }

    def picture(self, model: Watched, batch: Batch, **given: int) -> Picture | None:
        """The literals in the space of the states, after each round."""
        options(given)
        return literal_picture(model, batch)

    def solution(self, batch: Batch) -> GraphOutput:
        """The label, by votes that tell the model too."""
        is_sat = batch.graph_is_sat[batch.batch]
        votes = torch.where(is_sat, 2.0 * CERTAIN * batch.literal_is_true, -CERTAIN)
        return GraphOutput(x=votes.unsqueeze(1))

    def _logits(self, votes: Tensor, batch: Batch) -> Tensor:
        """The mean or sum of the votes [N] of a graph's literals, [B]."""
        mean = literal_mean(votes, batch)
        return mean if self.votes == "mean" else 2 * batch.graph_num_variables * mean
