"""Satisfiability: decide whether a formula is satisfiable, by votes of its literals."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import Batch, Data

from data_gen.answers.mask import Mask
from data_gen.distribution import check_one_of
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
    """Decide whether a formula is satisfiable; assignments are decoded from votes and states.

    Only the bit "satisfiable" is trained. Its logit is the mean (or sum) of the votes of all
    literals. Source: Selsam et al. 2019 (NeuroSAT).

    Fields: those of `problem_graph`.

    Raises:
        ValueError: `votes` is neither "mean" nor "sum".
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
        check_one_of("votes", self.votes, ("mean", "sum"))

    def sample(self, structure: Problem, rng: np.random.Generator) -> Data:
        """Return the graph of the formula; a complete solver proves its label once more."""
        del rng
        return problem_graph(structure)

    def loss(self, model: Model, batch: Batch) -> Tensor:
        """Return the cross-entropy of the bit "satisfiable"."""
        logits = self._logits(votes_of(model(batch)), batch)
        return VERDICT.part(logits.unsqueeze(1), batch).mean

    def score(self, model: Model, batch: Batch) -> dict[str, Tensor]:
        """Return the scores of every instance, each [B].

        correct: the bit is right; correct_sat and correct_unsat: the same over the satisfiable and
        over the unsatisfiable formulas. Over the satisfiable formulas alone: solved: an assignment
        decoded from the votes or the states satisfies the formula, as a checker confirms;
        clauses_satisfied: the largest share of clauses that such an assignment satisfies;
        agreement: the share of variables on which the assignment of the largest share agrees with
        the nearest model of the formula.
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
        """Return which scores satisfiable formulas have, and which unsatisfiable ones."""
        is_sat: Tensor = batch.graph_is_sat
        return {
            "correct_sat": is_sat,
            "correct_unsat": ~is_sat,
            "solved": is_sat,
            "clauses_satisfied": is_sat,
            "agreement": is_sat & is_near_enough(batch),
        }

    def picture(self, model: Watched, batch: Batch, **given: int) -> Picture | None:
        """Draw the literals in the state space of the model, after each round."""
        options(given)
        return literal_picture(model, batch)

    def solution(self, batch: Batch) -> GraphOutput:
        """Return votes that encode the label and, if there is one, the stored model."""
        is_sat = batch.graph_is_sat[batch.batch]
        votes = torch.where(is_sat, 2.0 * CERTAIN * batch.literal_is_true, -CERTAIN)
        return GraphOutput(x=votes.unsqueeze(1))

    def _logits(self, votes: Tensor, batch: Batch) -> Tensor:
        """Return the mean or sum of the votes [N] of each graph's literals, [B]."""
        mean = literal_mean(votes, batch)
        return mean if self.votes == "mean" else 2 * batch.graph_num_variables * mean
