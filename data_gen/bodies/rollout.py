"""Rollouts: a one-step model is applied to its own output for as long as the truth is known.

A batch has N nodes and B graphs, in d dimensions, with T frames after the first.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import Batch
from torch_geometric.utils import scatter

from data_gen.bodies.dynamics.scene import MOVING
from data_gen.bodies.features import nearest_image
from data_gen.bodies.frames import frames_of
from data_gen.bodies.scores import State, extent, mean_over_bodies, squared_error

HUGE = 1e9  # the largest acceleration; its square is still finite
FAR = 10.0  # bodies farther away than this many times the true motion's reach have diverged


class Moment(NamedTuple):
    """The predicted state at a frame, with its errors."""

    frame: int
    position: Tensor  # [N, d]
    velocity: Tensor  # [N, d]
    error: Tensor  # squared distance from the true position, mean over the bodies [B]
    relative_error: Tensor  # the root of `error`, divided by the extent of the true scene [B]
    has_diverged: Tensor  # [B], at this frame or before


def rollout(
    state: State,
    step: Callable[[State, int], State],
    batch: Batch,
    num_frames: int,
) -> Iterator[Moment]:
    """Yield the states of a rollout, from frame 1 on.

    A body has diverged if its state is not a number, or if it is farther from the start of its
    scene, or faster, than `FAR` times the largest distance or speed of the true motion. Then its
    scene is marked, and the body is held at that limit.

    States are summed up in float64: a million equal steps in float32 are wrong by a hundredth.

    Args:
        state: positions and velocities [N, d] at frame 0.
        step: maps the state at a frame to the state at the next frame, both in float64.
        batch: the batch, with its track.
        num_frames: the number of steps, at most T.
    """
    truth, kind = frames_of(batch, state[0].shape[1]), state[0].dtype
    state = state[0].double(), state[1].double()
    law = batch.graph_law[batch.batch]
    room = _room(truth, batch)  # [2, B, 1]
    start = mean_over_bodies(truth[:, 0, 0], batch)[batch.batch]
    has_diverged = torch.zeros(batch.num_graphs, dtype=torch.bool, device=truth.device)
    for frame in range(1, num_frames + 1):
        position, velocity = step(state, frame - 1)
        position, is_far = _held(position - start, room[0][batch.batch])
        velocity, is_fast = _held(velocity, room[1][batch.batch])
        position = nearest_image(position + start, law)  # back into a periodic box
        bad = scatter((is_far | is_fast).float(), batch.batch, 0, batch.num_graphs, "max")
        has_diverged = has_diverged | (bad > 0)
        state = position, velocity
        position, velocity = position.to(kind), velocity.to(kind)
        apart = nearest_image(position - truth[:, frame, 0], law)
        error = mean_over_bodies(apart.square().sum(dim=1), batch)
        relative = error.sqrt() / extent(truth[:, frame, 0], batch).clamp(min=1e-6)
        yield Moment(frame, position, velocity, error, relative, has_diverged)


def moved(batch: Batch, state: State, acceleration: Tensor) -> State:
    """Return the next state for a mean acceleration a: v' = v + Δt a, x' = x + Δt (v + v') / 2.

    Static bodies stay in place. An acceleration that is not a number or above `HUGE` becomes
    `HUGE`.
    """
    step = batch.graph_time_step[batch.batch].unsqueeze(1)
    is_moving = (batch.body_kind == MOVING).unsqueeze(1)
    position, velocity = state
    acceleration = acceleration.nan_to_num(HUGE).clamp(-HUGE, HUGE)
    change = torch.where(is_moving, step * acceleration, 0)
    return position + step * (velocity + change / 2), velocity + change


def errors_of_steps(
    step: Callable[[State, int], State], batch: Batch, num_starts: int
) -> dict[str, Tensor]:
    """Return squared errors of next velocities, mean over start frames all along the motion [B].

    `velocity_error` is the error of the steps, `constant_velocity_error` that of bodies that keep
    their velocity.
    """
    track = frames_of(batch, batch.position.shape[1])
    errors = {"velocity_error": [], "constant_velocity_error": []}
    for frame in np.unique(np.linspace(0, track.shape[1] - 2, num_starts).astype(int)):
        before, after = track[:, frame].unbind(1), track[:, frame + 1, 1]
        _, velocity = step(before, int(frame))
        errors["velocity_error"].append(squared_error(velocity, after, batch))
        errors["constant_velocity_error"].append(squared_error(before[1], after, batch))
    return {name: torch.stack(values).mean(dim=0) for name, values in errors.items()}


def errors_of_rest(batch: Batch, start: State, horizons: Sequence[int]) -> dict[str, Tensor]:
    """Return `constant_h`, the squared errors of positions if bodies keep their velocity [B]."""
    none = torch.zeros_like(start[0])
    moments = rollout(start, lambda state, _: moved(batch, state, none), batch, max(horizons))
    return {f"constant_{m.frame}": m.error for m in moments if m.frame in horizons}


def _held(values: Tensor, limit: Tensor) -> tuple[Tensor, Tensor]:
    """Clamp values [N, d] to a limit [N, 1], and return which ones exceeded it [N]."""
    bad = ~(values.abs() <= limit).all(dim=1)
    return values.nan_to_num(0.0).maximum(-limit).minimum(limit), bad


def _room(truth: Tensor, batch: Batch) -> Tensor:
    """Return `FAR` times the largest distance from the start's centre and speed [2, B, 1]."""
    start = mean_over_bodies(truth[:, 0, 0], batch)[batch.batch]
    reach = (truth[:, :, 0] - start.unsqueeze(1)).norm(dim=2).amax(dim=1)
    speed = truth[:, :, 1].norm(dim=2).amax(dim=1)
    values = torch.stack([reach, speed])
    largest = scatter(values, batch.batch, 1, batch.num_graphs, "max")
    return FAR * largest.clamp(min=1e-3).unsqueeze(2)
