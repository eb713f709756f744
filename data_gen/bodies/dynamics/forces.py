"""Forces and energies of bodies at one moment, compiled.

A scene has n bodies in d dimensions, and m bonds. All arguments are packed: a state is positions
and velocities [2, n, d]; bodies are masses, charges, radii, kinds [4, n]; bonds are senders,
receivers, stiffness, rest_lengths [4, m]; a law is the numbers of `Law.packed`. Passing a single
array costs nothing, while arrays in tuples are reference-counted at every call. `axes` is a tuple
of length d: the length is known at compilation, so loops over coordinates are unrolled.
"""

import numpy as np
from numba import njit

from data_gen.bodies.dynamics.scene import (
    BOX,
    BY_MASSES,
    CLAMP,
    CONTACT_DAMPING,
    CONTACT_STIFFNESS,
    COUPLING,
    DISC,
    EXPONENT,
    HALF_WIDTH,
    MOVING,
    PERIODIC,
    SCREENING,
    SOFTENING,
    STRENGTH,
)


@njit(cache=True, error_model="numpy")
def pair_force(s2: float, law: np.ndarray) -> float:
    """Return f(s) / s of `Law`, given the softened squared distance s²."""
    exponent, screening = law[EXPONENT], law[SCREENING]
    if screening > 0:
        s = np.sqrt(s2)
        return np.exp(-screening * s) * (1 / s2 + screening / s) / s
    if exponent == 2:
        return 1 / (s2 * np.sqrt(s2))
    return s2 ** (-0.5 * (exponent + 1))


@njit(cache=True, error_model="numpy")
def pair_potential(s2: float, law: np.ndarray) -> float:
    """Return the pair potential; its derivative by s is -f(s)."""
    exponent, screening = law[EXPONENT], law[SCREENING]
    s = np.sqrt(s2)
    if screening > 0:
        return np.exp(-screening * s) / s
    if exponent == 1:
        return -np.log(s)
    return s ** (1 - exponent) / (exponent - 1)


@njit(cache=True, error_model="numpy")
def period(law: np.ndarray) -> float:
    """Return the width of a periodic box; 0 if there is none."""
    return 2 * law[HALF_WIDTH] if law[BOX] == PERIODIC else 0.0


@njit(cache=True, error_model="numpy")
def _apart(x: np.ndarray, i: int, j: int, k: int, width: float) -> float:
    """Return x_i - x_j on axis k, to the nearest image in a periodic box."""
    apart = x[i, k] - x[j, k]
    if width > 0:
        apart -= width * np.rint(apart / width)
    return apart


@njit(cache=True, error_model="numpy")
def distance2(x: np.ndarray, axes: tuple, i: int, j: int, width: float) -> float:
    """Return |x_i - x_j|²."""
    r2 = 0.0
    for k in range(len(axes)):
        apart = _apart(x, i, j, k, width)
        r2 += apart * apart
    return r2


@njit(cache=True, error_model="numpy")
def _add_pairs(
    x: np.ndarray, axes: tuple, coupling: np.ndarray, law: np.ndarray, force: np.ndarray
) -> None:
    """Add the force of every pair to both of its bodies."""
    width, softening2 = period(law), law[SOFTENING] * law[SOFTENING]
    strength = -law[STRENGTH] if law[COUPLING] == BY_MASSES else law[STRENGTH]
    for i in range(x.shape[0]):
        for j in range(i):
            c = strength * coupling[i] * coupling[j]
            if c != 0:
                f = c * pair_force(distance2(x, axes, i, j, width) + softening2, law)
                for k in range(len(axes)):
                    push = f * _apart(x, i, j, k, width)
                    force[i, k] += push
                    force[j, k] -= push


@njit(cache=True, error_model="numpy")
def _add_bonds(
    x: np.ndarray, axes: tuple, bonds: np.ndarray, law: np.ndarray, force: np.ndarray
) -> None:
    """Add the force of every bond to its receiver."""
    width = period(law)
    for b in range(bonds.shape[1]):
        j, i, f, rest_length = int(bonds[0, b]), int(bonds[1, b]), -bonds[2, b], bonds[3, b]
        if rest_length != 0:
            f *= 1 - rest_length / np.sqrt(distance2(x, axes, i, j, width))
        for k in range(len(axes)):
            force[i, k] += f * _apart(x, i, j, k, width)


@njit(cache=True, error_model="numpy")
def _add_contacts(
    state: np.ndarray, axes: tuple, bodies: np.ndarray, law: np.ndarray, force: np.ndarray
) -> None:
    """Add the push of every disc on the bodies inside it."""
    x, v, radii, kinds = state[0], state[1], bodies[2], bodies[3]
    width = period(law)
    for j in range(x.shape[0]):
        if kinds[j] != DISC:
            continue
        for i in range(x.shape[0]):
            r2 = distance2(x, axes, i, j, width)
            touch = radii[i] + radii[j]
            if kinds[i] == MOVING and r2 < touch * touch:
                r = np.sqrt(r2)
                speed = 0.0  # of leaving the disc
                for k in range(len(axes)):
                    speed += v[i, k] * _apart(x, i, j, k, width) / r
                f = (law[CONTACT_STIFFNESS] * (touch - r) - law[CONTACT_DAMPING] * speed) / r
                for k in range(len(axes)):
                    force[i, k] += f * _apart(x, i, j, k, width)


@njit(cache=True, error_model="numpy")
def forces(
    state: np.ndarray, axes: tuple, bodies: np.ndarray, bonds: np.ndarray,
    law: np.ndarray, force: np.ndarray,
) -> None:  # fmt: skip
    """Write the force on every body [n, d], without the field and the drag.

    Args:
        state: positions and velocities; only the damping of contacts depends on velocities.
        axes: a tuple of length d.
        bodies: packed.
        bonds: packed.
        law: packed.
        force: written to.
    """
    x = state[0]
    for i in range(x.shape[0]):
        for k in range(len(axes)):
            force[i, k] = 0.0
    if law[COUPLING] != 0:
        _add_pairs(x, axes, bodies[0] if law[COUPLING] == BY_MASSES else bodies[1], law, force)
    _add_bonds(x, axes, bonds, law, force)
    if law[CONTACT_STIFFNESS] > 0:
        _add_contacts(state, axes, bodies, law, force)
    if law[CLAMP] < np.inf:
        for i in range(x.shape[0]):
            for k in range(len(axes)):
                force[i, k] = min(max(force[i, k], -law[CLAMP]), law[CLAMP])
