"""Access to the frames of motions in a packed data set; a training step needs two of them.

A batch has N nodes and B graphs, in d dimensions, with T frames after the first.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import Batch

from data_gen.packed import Packed

WHOLE_MOTION = (
    "track",
    "graph_energy",
    "graph_floor",
    "graph_change",
)  # fields that a single step does not need


def frames_of(batch: Batch, dim: int) -> Tensor:
    """Return the track of a batch as [N, T + 1, 2, d]: positions, velocities."""
    return batch.track.view(len(batch.track), -1, 2, dim)


def at_drawn_frames(
    packed: Packed,
    indices: Tensor | Sequence[int],
    rng: np.random.Generator,
    dim: int,
    balance: float = 0.0,
) -> Batch:
    """Return the chosen scenes, each at a drawn frame before the last, without its whole motion.

    `position` and `velocity` [N, d] are those of the drawn frame, `next_velocity` that of the next.
    A share `balance` of the frames is drawn in proportion to `graph_change`, the rest uniformly.
    The importance weights `graph_weight` [B] correct for this: weighted means have the expectation
    of means over uniform draws.
    """
    batch = packed.batch(indices, without=WHOLE_MOTION)
    rows, graph = packed.node_rows(indices)
    track = packed.fields["track"]
    track = track.view(len(track), -1, 2, dim)
    num_frames = track.shape[1] - 1
    drawn = torch.from_numpy(rng.integers(num_frames, size=batch.num_graphs)).to(rows.device)
    batch.graph_weight = torch.ones_like(batch.graph_time_step)
    if balance:
        change = packed.fields["graph_change"][torch.as_tensor(indices, device=rows.device)]
        drawn, batch.graph_weight = _by_change(change, balance, drawn, rng)
    batch.graph_frame = drawn
    frames = drawn[graph]
    batch.position, batch.velocity = track[rows, frames].unbind(1)
    batch.next_velocity = track[rows, frames + 1, 1]
    return batch


def _by_change(
    change: Tensor, balance: float, uniform: Tensor, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Draw a frame of each scene [B], and return it with its importance weight [B].

    Args:
        change: the change at every frame of every scene [B, T]; a scene without any change keeps
            the uniform draw.
        balance: the share of the frames drawn in proportion to `change`.
        uniform: frames drawn uniformly [B].
        rng: the source of randomness.
    """
    num_scenes, num_frames = change.shape
    places, is_by_change = torch.from_numpy(rng.random((2, num_scenes))).to(change.device)
    reached = change.double().cumsum(dim=1)
    by_change = torch.searchsorted(reached, (places * reached[:, -1]).unsqueeze(1)).squeeze(1)
    changes = reached[:, -1] > 0
    by_change = by_change.clamp(max=num_frames - 1)
    drawn = torch.where((is_by_change < balance) & changes, by_change, uniform)
    share = change.gather(1, drawn.unsqueeze(1)).squeeze(1) / reached[:, -1].clamp(min=1e-12)
    weight = 1 / (1 - balance + balance * num_frames * share)
    return drawn, torch.where(changes, weight, 1).to(change.dtype)
