"""The graph of a scene: bodies and walls are nodes, and an interacting pair has two edges.

A batch has N nodes, E edges and B graphs, in d dimensions, with T frames after the first.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import Data

from data_gen.bodies.dynamics.scene import DISC, MOVING, WALL, Motion, Scene
from data_gen.bodies.features import Units, features


def body_graph(motion: Motion, frame: int, floor: Motion | None = None) -> Data:
    """Return the graph of a motion at one of its frames, in units of 1.

    Fields: `position`, `velocity` [N, d] at the frame; `track` [N, (T + 1) 2 d], both at all
    frames; `mass`, `charge`, `radius`, `body_kind` [N]; `normal` [N, d], of walls; `edge_stiffness`
    and `edge_rest_length` [E]; `graph_frame`, `graph_time_step`, `graph_is_clean`, `graph_drift`
    (of the energy, relative to the largest kinetic energy) [B]; `graph_law` [B, 12], see
    `Law.packed`; `graph_restitution` [B]; `graph_energy` [B, T + 1]; `graph_kinetic` [B], the
    largest kinetic energy; `graph_floor` [B, T + 1], the mean squared distance of bodies from their
    positions in `floor`, the motion with one integrator step a frame.

    Args:
        motion: the simulated motion.
        frame: between 0 and T - 1.
        floor: the coarse motion of the same scene; None: there is no `graph_floor`.
    """
    scene, walls = motion.scene, _walls(motion.scene)
    senders, receivers, stiffness, rest_lengths = _relations(scene, len(walls))
    track = np.stack([motion.positions, motion.velocities], axis=2)  # [T + 1, n, 2, d]
    of_walls = np.stack([walls * scene.law.half_width, np.zeros_like(walls)], axis=1)
    track = np.concatenate([track, np.broadcast_to(of_walls, (len(track), *of_walls.shape))], 1)
    nodes = {
        "mass": scene.masses, "charge": scene.charges, "radius": scene.radii,
    }  # fmt: skip
    padded = {name: np.pad(value, (0, len(walls))) for name, value in nodes.items()}
    data = Data(
        edge_index=torch.from_numpy(np.stack([senders, receivers])),
        track=_float(track.transpose(1, 0, 2, 3).reshape(track.shape[1], -1)),
        normal=_float(np.concatenate([np.zeros_like(scene.positions), walls])),
        body_kind=torch.from_numpy(np.pad(scene.kinds, (0, len(walls)), constant_values=WALL)),
        edge_stiffness=_float(stiffness),
        edge_rest_length=_float(rest_lengths),
        graph_frame=torch.tensor([frame]),
        graph_law=_float(scene.law.packed()).unsqueeze(0),
        **{name: _float(value) for name, value in padded.items()},
        **_facts(motion, floor),
    )
    data.position, data.velocity = (_float(part) for part in track[frame].transpose(1, 0, 2))
    data.x, data.edge_attr, data.u = features(data, Units())
    return data


def _facts(motion: Motion, floor: Motion | None) -> dict[str, Tensor]:
    """Return the graph fields that describe the whole motion."""
    facts = {
        "graph_time_step": _float([motion.scene.clock.time_step]),
        "graph_restitution": _float([motion.scene.law.restitution]),
        "graph_energy": _float(motion.energy).unsqueeze(0),
        "graph_kinetic": _float([motion.kinetic.max()]),
        "graph_is_clean": torch.tensor([motion.is_clean]),
        "graph_drift": _float([motion.drift]),
    }
    if floor is not None:
        is_moving = motion.scene.kinds == MOVING
        apart = (floor.positions - motion.positions)[:, is_moving]
        if motion.scene.law.box == "periodic":
            width = 2 * motion.scene.law.half_width
            apart = apart - width * np.round(apart / width)
        apart = np.nan_to_num(apart, nan=1e6).clip(-1e6, 1e6)
        facts["graph_floor"] = _float(np.square(apart).sum(axis=2).mean(axis=1)).unsqueeze(0)
    return facts


def _walls(scene: Scene) -> np.ndarray:
    """Return the outward normals of a reflecting box's walls, one row each; walls are nodes."""
    dim = scene.positions.shape[1]
    if scene.law.box != "reflecting":
        return np.zeros((0, dim))
    return np.concatenate([np.eye(dim), -np.eye(dim)])


def _relations(scene: Scene, num_walls: int) -> tuple[np.ndarray, ...]:
    """Return senders, receivers, stiffness and rest length of every edge.

    Edges join all pairs of moving bodies if the law acts between all, and the ends of all bonds;
    every disc and wall has an edge to every moving body.
    """
    n = len(scene.positions)
    moving = (scene.kinds == MOVING).nonzero()[0]
    is_complete = scene.law.coupling != "none" or scene.law.scheme == "collisions"
    ends = np.stack(scene.bonds[:2], axis=1)
    others = [*(scene.kinds == DISC).nonzero()[0], *range(n, n + num_walls)]
    if is_complete:
        others = [*moving, *others]
    pairs = np.stack(np.meshgrid(others, moving, indexing="ij"), axis=-1).reshape(-1, 2)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]].astype(np.int64)
    if is_complete and len(ends):
        is_new = ~np.isin(pairs @ [n, 1], ends @ [n, 1])
        pairs = pairs[is_new]
    edges = np.concatenate([ends, pairs])
    none = np.zeros(len(pairs))
    stiffness, rest_lengths = (np.concatenate([part, none]) for part in scene.bonds[2:])
    return edges[:, 0], edges[:, 1], stiffness, rest_lengths


def _float(values: np.ndarray | Sequence[float]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))
