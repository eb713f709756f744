"""The frames of a motion in a packed data set, of which a training step needs two.

N nodes, B graphs, d coordinates, T frames after the first.
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
)  # fields not needed for a single step


def frames_of(batch: Batch, dim: int) -> Tensor:
    """The track of a batch as [N, T + 1, 2, d]: positions, velocities."""
    return batch.track.view(len(batch.track), -1, 2, dim)


def at_drawn_frames(
    packed: Packed,
    indices: Tensor | Sequence[int],
    rng: np.random.Generator,
    dim: int,
    balance: float = 0.0,
) -> Batch:
    """The chosen scenes, each at a frame of its own before the last, without its whole motion.

    `position`, `velocity` and `next_velocity` [N, d] are those of the frame and of the one after.
    A share `balance` of the frames is drawn in proportion to `graph_change`, the rest uniformly;
    `graph_weight` [B] makes up for it: by it, means over draws are those over uniform ones.
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
    """A frame of each scene [B], and how much likelier a uniform draw of it is [B].

    Args:
        change: of every frame of every scene [B, T]; where nothing changes the draw is uniform.
        balance: share of the frames drawn in proportion to it.
        uniform: frames drawn uniformly [B].
        rng: says which.
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
