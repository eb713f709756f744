"""The leapfrog integrator (kick, drift, kick), compiled, for one scene at a time.

Arrays are packed as in forces.py; a motion has T frames after the first.
"""

import numpy as np
from numba import njit

from data_gen.bodies.dynamics.forces import forces
from data_gen.bodies.dynamics.scene import (
    BOX,
    DRAG,
    FIELD,
    HALF_WIDTH,
    MOVING,
    PERIODIC,
    REFLECTING,
)


@njit(cache=True, error_model="numpy")
def _kick(
    v: np.ndarray, axes: tuple, force: np.ndarray, bodies: np.ndarray, field: float, dt: float
) -> None:
    """Change velocities by force and field."""
    for i in range(v.shape[0]):
        if bodies[3, i] == MOVING:
            for k in range(len(axes)):
                v[i, k] += dt * force[i, k] / bodies[0, i]
            v[i, len(axes) - 1] -= dt * field


@njit(cache=True, error_model="numpy")
def _slow(v: np.ndarray, axes: tuple, decay: float) -> None:
    """Change velocities by drag."""
    for i in range(v.shape[0]):
        for k in range(len(axes)):
            v[i, k] *= decay


@njit(cache=True, error_model="numpy")
def _drift(state: np.ndarray, axes: tuple, box: float, half_width: float, dt: float) -> None:
    """Move the bodies; reflect them from walls, or wrap them around a periodic box."""
    x, v = state[0], state[1]
    for i in range(x.shape[0]):
        for k in range(len(axes)):
            x[i, k] += dt * v[i, k]
            if box == REFLECTING:
                if x[i, k] > half_width:
                    x[i, k], v[i, k] = 2 * half_width - x[i, k], -abs(v[i, k])
                elif x[i, k] < -half_width:
                    x[i, k], v[i, k] = -2 * half_width - x[i, k], abs(v[i, k])
            elif box == PERIODIC:
                width = 2 * half_width
                x[i, k] -= width * np.floor((x[i, k] + half_width) / width)


@njit(cache=True, error_model="numpy", nogil=True)
def run(
    axes: tuple, bodies: np.ndarray, bonds: np.ndarray, law: np.ndarray,
    steps: tuple[float, int, int, bool], frames: np.ndarray,
) -> None:  # fmt: skip
    """Fill the frames [T + 1, 2, n, d] with positions and velocities.

    Args:
        axes: a tuple of length d.
        bodies: packed.
        bonds: packed.
        law: packed.
        steps: the length of a step, the number of steps between two frames, the number of frames
            to skip, and True for leapfrog or False for symplectic Euler, which kicks by whole
            steps.
        frames: written to; on entry the first frame holds the start, before skipped frames.
    """
    dt, substeps, skip, is_leapfrog = steps
    state = frames[0].copy()
    v = state[1]
    force = np.empty_like(v)
    half, decay, field = 0.5 * dt, np.exp(-law[DRAG] * 0.5 * dt), law[FIELD]
    forces(state, axes, bodies, bonds, law, force)
    for frame in range(skip + len(frames)):
        if frame >= skip:
            frames[frame - skip] = state
        if frame == skip + len(frames) - 1:
            break
        for _ in range(substeps):
            if decay != 1:
                _slow(v, axes, decay)
            _kick(v, axes, force, bodies, field, half if is_leapfrog else dt)
            _drift(state, axes, law[BOX], law[HALF_WIDTH], dt)
            forces(state, axes, bodies, bonds, law, force)
            if is_leapfrog:
                _kick(v, axes, force, bodies, field, half)
            if decay != 1:
                _slow(v, axes, decay)
