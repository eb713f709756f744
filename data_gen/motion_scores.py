"""How far a predicted motion is from the true one, and what it should have kept, per scene.

N nodes, B graphs, d coordinates.
"""

import torch
from torch import Tensor
from torch_geometric.data import Batch

from data_gen import conserved
from data_gen.body_features import Units, observed
from data_gen.conserved import sum_over_bodies

State = tuple[Tensor, ...]  # positions and velocities, [N, d] each


def mean_over_bodies(values: Tensor, batch: Batch) -> Tensor:
    """The mean of [N, ...] over the bodies of each scene that move [B, ...]."""
    counts = sum_over_bodies(torch.ones_like(batch.mass), batch).clamp(min=1)
    sums = sum_over_bodies(values, batch)
    return sums / (counts if values.dim() == 1 else counts.unsqueeze(1))


def squared_error(predicted: Tensor, true: Tensor, batch: Batch) -> Tensor:
    """Squared length of the difference [N, d], mean over the bodies [B]."""
    return mean_over_bodies((predicted - true).square().sum(dim=1), batch)


def extent(position: Tensor, batch: Batch) -> Tensor:
    """Root mean square distance of the bodies from their centre [B]."""
    centre = mean_over_bodies(position, batch)
    return squared_error(position, centre[batch.batch], batch).sqrt()


def drifts(batch: Batch, start: State, end: State, suffix: str = "") -> dict[str, Tensor]:
    """Changes of what a closed system keeps, each [B].

    energy_drift: by the largest kinetic energy of the true motion; momentum_drift and
    angular_momentum_drift: by the sum of m |v| and of m |x| |v| over the bodies at the start.
    """
    before, after = (observed(batch, state[0], state[1], Units()) for state in (start, end))
    position, velocity = (part.norm(dim=1) for part in start)
    momenta = {
        "momentum_drift": (conserved.momentum, batch.mass * velocity),
        "angular_momentum_drift": (conserved.angular_momentum, batch.mass * position * velocity),
    }
    change = (conserved.energy(after) - conserved.energy(before)).abs()
    changes = {"energy_drift": change / batch.graph_kinetic}
    for name, (quantity, size) in momenta.items():
        scale = sum_over_bodies(size, batch).clamp(min=1e-6)
        changes[name] = (quantity(after) - quantity(before)).norm(dim=1) / scale
    return {name + suffix: value for name, value in changes.items()}
