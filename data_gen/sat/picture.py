"""Picture of a formula: where a network places the literals in its state space, round by round.

A batch has N nodes; H is the width of a state. Source of the idea: Selsam et al. 2019, figure 4.
"""

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import Batch

from data_gen.picture import Key, Panel, Picture, Watched
from data_gen.sat.decoding import LITERAL, candidates, complements, share_satisfied, votes_of
from data_gen.shapes import Look, Shape, places
from data_gen.spec import GraphOutput

RADIUS = 0.04  # of a literal's mark; coordinates are from -1 to 1
AROUND = 1.15  # half the width of the window
TRUE, FALSE = Look(fill=0), Look(fill=1)
KEYS = (
    Key("literal true in the last assignment", "circle", TRUE),
    Key("literal false in the last assignment", "square", FALSE),
)


@torch.inference_mode()
def literal_picture(model: Watched, batch: Batch) -> Picture | None:
    """Draw the literals of one formula on the first two principal components of the last round.

    Both axes are scaled to fill the window. The result is None for a model without states.
    """
    answers = model.rounds(batch)
    states = [answer.states for answer in answers if answer.states is not None]
    if len(states) < len(answers):
        return None
    nodes = (batch.node_type == LITERAL).nonzero().squeeze(1)
    truth = _last_assignment(answers[-1], batch)[nodes].cpu().numpy()
    tracks = _projected(torch.stack([state[nodes] for state in states]))
    place = torch.zeros(len(batch.node_type), dtype=torch.long, device=nodes.device)
    place[nodes] = torch.arange(len(nodes), device=nodes.device)
    other = place[complements(batch)[nodes]].cpu().numpy()
    pairs = np.array([(k, j) for k, j in enumerate(other.tolist()) if k < j]).reshape(-1)
    shapes = [
        Shape("segments", places(tracks[:, pairs]), Look("soft", 0.5, opacity=0.4)),
        Shape("circle", places(tracks[:, truth]), TRUE, RADIUS),
        Shape("square", places(tracks[:, ~truth]), FALSE, RADIUS),
    ]
    captions = [f"after round {number}" for number in range(1, len(answers) + 1)]
    window = [-AROUND, -AROUND, AROUND, AROUND]
    return Picture(_title(answers, batch), window, captions, [Panel("", shapes, KEYS)])


def _title(answers: list[GraphOutput], batch: Batch) -> str:
    """Return the title: the size of the formula, and the first round that solves it."""
    solved = [bool(share_satisfied(_read(answer, batch), batch).max() == 1) for answer in answers]
    end = f"solved after round {solved.index(True) + 1}" if solved[-1] else "not solved"
    return f"{int(batch.graph_num_variables)} variables, {end}"


def _read(answer: GraphOutput, batch: Batch) -> Tensor:
    """Return the candidate assignments of an answer [K, N]."""
    return candidates(votes_of(answer), answer.states, batch)


def _last_assignment(answer: GraphOutput, batch: Batch) -> Tensor:
    """Return the candidate assignment of an answer that satisfies the most clauses [N]."""
    truths = _read(answer, batch)
    return truths[share_satisfied(truths, batch)[:, 0].argmax()]


def _projected(states: Tensor) -> np.ndarray:
    """Project states [T, L, H] on the principal plane of the last round, scaled to [-1, 1].

    Returns:
        The coordinates [T, L, 2].
    """
    states = states.double().cpu().nan_to_num(0.0, 0.0, 0.0)
    mean = states[-1].mean(dim=0)
    axes = torch.linalg.svd(states[-1] - mean, full_matrices=False).Vh[:2]
    axes = axes * axes.gather(1, axes.abs().argmax(dim=1, keepdim=True)).sign()
    plane = (states - mean) @ axes.t()
    low, high = plane.amin(dim=(0, 1)), plane.amax(dim=(0, 1))
    return (2 * (plane - low) / (high - low).clamp(min=1e-12) - 1).numpy()
