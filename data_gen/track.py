"""The frames of a motion in a packed data set, of which a training step needs two.

N nodes, B graphs, d coordinates, T frames after the first.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import Batch

from data_gen.packed import Packed

WHOLE_MOTION = ("track", "graph_energy", "graph_floor")  # fields not needed for a single step


def frames_of(batch: Batch, dim: int) -> Tensor:
    """The track of a batch as [N, T + 1, 2, d]: positions, velocities."""
    return batch.track.view(len(batch.track), -1, 2, dim)


def at_drawn_frames(
    packed: Packed, indices: Tensor | Sequence[int], rng: np.random.Generator, dim: int
) -> Batch:
    """The chosen scenes, each at a frame of its own before the last, without its whole motion.

    `position`, `velocity` and `next_velocity` [N, d] are those of the frame and of the one after.
    """
    batch = packed.batch(indices, without=WHOLE_MOTION)
    rows, graph = packed.node_rows(indices)
    track = packed.fields["track"]
    track = track.view(len(track), -1, 2, dim)
    drawn = torch.from_numpy(rng.integers(track.shape[1] - 1, size=batch.num_graphs))
    frames = drawn.to(rows.device)[graph]
    batch.position, batch.velocity = track[rows, frames].unbind(1)
    batch.next_velocity = track[rows, frames + 1, 1]
    return batch
