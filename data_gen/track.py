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
    change = packed.fields["graph_change"][torch.as_tensor(indices, device=rows.device)]
    drawn, batch.graph_weight = _draw(change, balance, rng)
    frames = drawn[graph]
    batch.position, batch.velocity = track[rows, frames].unbind(1)
    batch.next_velocity = track[rows, frames + 1, 1]
    return batch


def _draw(change: Tensor, balance: float, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """A frame of each scene [B], and how much likelier a uniform draw of it is [B].

    Args:
        change: of every frame of every scene [B, T].
        balance: share of the frames drawn in proportion to it.
        rng: says which.
    """
    num_scenes, num_frames = change.shape
    uniform = torch.from_numpy(rng.integers(num_frames, size=num_scenes)).to(change.device)
    if not balance:
        return uniform, torch.ones_like(change[:, 0])
    places, is_by_change = torch.from_numpy(rng.random((2, num_scenes))).to(change.device)
    reached = change.double().cumsum(dim=1)
    by_change = torch.searchsorted(reached, (places * reached[:, -1]).unsqueeze(1)).squeeze(1)
    drawn = torch.where(is_by_change < balance, by_change.clamp(max=num_frames - 1), uniform)
    share = change.gather(1, drawn.unsqueeze(1)).squeeze(1) / reached[:, -1].clamp(min=1e-12)
    return drawn, (1 / (1 - balance + balance * num_frames * share)).to(change.dtype)
