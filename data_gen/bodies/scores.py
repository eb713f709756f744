"""Scores of predicted motions per scene: errors, and drifts of conserved quantities.

A batch has N nodes and B graphs, in d dimensions.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch_geometric.data import Batch

from data_gen.bodies import conserved
from data_gen.bodies.conserved import sum_over_bodies
from data_gen.bodies.features import Units, observed
from data_gen.metric import Metric, ratio

AT_REST = 1e-3  # a start with a smaller share of the final momenta counts as a start at rest
State = tuple[Tensor, ...]  # positions and velocities, [N, d] each


def mean_over_bodies(values: Tensor, batch: Batch) -> Tensor:
    """Return the mean of values [N, ...] over the moving bodies of each scene [B, ...]."""
    counts = sum_over_bodies(torch.ones_like(batch.mass), batch).clamp(min=1)
    sums = sum_over_bodies(values, batch)
    return sums / (counts if values.dim() == 1 else counts.unsqueeze(1))


def squared_error(predicted: Tensor, true: Tensor, batch: Batch) -> Tensor:
    """Return the squared length of the difference [N, d], mean over the moving bodies [B]."""
    return mean_over_bodies((predicted - true).square().sum(dim=1), batch)


def extent(position: Tensor, batch: Batch) -> Tensor:
    """Return the root mean square distance of the moving bodies from their centre [B]."""
    centre = mean_over_bodies(position, batch)
    return squared_error(position, centre[batch.batch], batch).sqrt()


def period(track: Tensor, batch: Batch) -> Tensor:
    """Return the time in which bodies go once around their scene, 2 π R / V [B].

    R and V are the root mean square distance and speed of the bodies about their centre, over all
    frames of the true motion. On a circle this is the period of the orbit.

    Args:
        track: the true positions and velocities [N, T + 1, 2, d].
        batch: the batch of the scenes.
    """
    centre = mean_over_bodies(track.flatten(1), batch)[batch.batch].view_as(track)
    squares = (track - centre).square().sum(dim=3).mean(dim=1)  # [N, 2]
    distance, speed = mean_over_bodies(squares, batch).sqrt().unbind(1)
    return 2 * torch.pi * distance / speed.clamp(min=torch.finfo(speed.dtype).tiny)


DRIFTS = ("energy_drift", "momentum_drift", "angular_momentum_drift")


def drifts(batch: Batch, start: State, end: State, suffix: str = "") -> dict[str, Tensor]:
    """Return the relative changes of quantities that a closed system conserves, each [B].

    energy_drift is relative to the largest kinetic energy of the true motion. momentum_drift and
    angular_momentum_drift are relative to the sum of m |v| and of m |x| |v| over the bodies at the
    start or, if they start at rest, at the end of the true motion.
    """
    before, after = (observed(batch, state[0], state[1], Units()) for state in (start, end))
    change = (conserved.energy(after) - conserved.energy(before)).abs()
    changes = {"energy_drift": change / batch.graph_kinetic}
    last = batch.track.view(len(batch.track), -1, 2, start[0].shape[1])[:, -1].unbind(1)
    quantities = {
        "momentum_drift": (conserved.momentum, False),
        "angular_momentum_drift": (conserved.angular_momentum, True),
    }
    for name, (quantity, is_angular) in quantities.items():
        at_start, at_end = (_sum_of_sizes(batch, state, is_angular) for state in (start, last))
        scale = torch.where(at_start > AT_REST * at_end, at_start, at_end).clamp(min=1e-6)
        changes[name] = (quantity(after) - quantity(before)).norm(dim=1) / scale
    return {name + suffix: value for name, value in changes.items()}


def _sum_of_sizes(batch: Batch, state: State, is_angular: bool) -> Tensor:
    """Return Σ m |v|, or Σ m |x| |v|, over the moving bodies [B]."""
    position, velocity = (part.norm(dim=1) for part in state)
    size = batch.mass * velocity
    return sum_over_bodies(position * size if is_angular else size, batch)


def rollout_metrics(at: Sequence[int]) -> dict[str, Metric]:
    """Return the metrics of single steps and, at the frames `at` if there are any, of rollouts."""
    error, fact = Metric(perfect=0), Metric(perfect=None)
    steps = {
        "velocity_error": error,
        "constant_velocity_error": fact,
        "velocity_ratio": ratio("velocity_error", "constant_velocity_error"),
    }
    if not at:
        return steps
    return {
        "valid": Metric(binary=True),
        "valid_share": Metric(),
        "valid_periods": Metric(perfect=None),
        **steps,
        **{f"error_{h}": error for h in at},
        **{f"constant_{h}": fact for h in at},
        **{f"floor_{h}": fact for h in at},
        **dict.fromkeys(DRIFTS, error),
        **{f"{name}_true": fact for name in DRIFTS},
        "diverged": Metric(perfect=0, binary=True),
        **{f"ratio_{h}": ratio(f"error_{h}", f"constant_{h}") for h in at},
    }
