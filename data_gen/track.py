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
    A share `balance` of the frames is drawn in proportion to `graph_change`, the rest uniformly.
    """
    batch = packed.batch(indices, without=WHOLE_MOTION)
    rows, graph = packed.node_rows(indices)
    track = packed.fields["track"]
    track = track.view(len(track), -1, 2, dim)
    num_frames = track.shape[1] - 1
    drawn = torch.from_numpy(rng.integers(num_frames, size=batch.num_graphs)).to(rows.device)
    if balance:
        places, is_by_change = torch.from_numpy(rng.random((2, batch.num_graphs))).to(rows.device)
        change = packed.fields["graph_change"][torch.as_tensor(indices, device=rows.device)]
        reached = change.double().cumsum(dim=1)
        by_change = torch.searchsorted(reached, (places * reached[:, -1]).unsqueeze(1)).squeeze(1)
        by_change = by_change.clamp(max=num_frames - 1)
        drawn = torch.where(is_by_change < balance, by_change, drawn)
    frames = drawn[graph]
    batch.position, batch.velocity = track[rows, frames].unbind(1)
    batch.next_velocity = track[rows, frames + 1, 1]
    return batch
