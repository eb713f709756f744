"""Kinetic and potential energy of moving bodies, compiled. Shapes as in forces.py."""

import numpy as np
from numba import njit

from data_gen.bodies.dynamics.forces import distance2, pair_potential, period
from data_gen.bodies.dynamics.scene import (
    BY_MASSES,
    CONTACT_STIFFNESS,
    COUPLING,
    DISC,
    FIELD,
    MOVING,
    SOFTENING,
    STRENGTH,
)


@njit(cache=True, error_model="numpy")
def _of_bodies(state: np.ndarray, axes: tuple, bodies: np.ndarray, field: float) -> tuple:
    """Return the kinetic energy, and the potential energy in the field."""
    x, v, masses, kinds = state[0], state[1], bodies[0], bodies[3]
    kinetic = potential = 0.0
    for i in range(x.shape[0]):
        if kinds[i] == MOVING:
            for k in range(len(axes)):
                kinetic += 0.5 * masses[i] * v[i, k] * v[i, k]
            potential += masses[i] * field * x[i, len(axes) - 1]
    return kinetic, potential


@njit(cache=True, error_model="numpy")
def _of_pairs(x: np.ndarray, axes: tuple, bodies: np.ndarray, law: np.ndarray) -> float:
    """Return the potential energy of the pair forces and of the contacts with discs."""
    radii, kinds = bodies[2], bodies[3]
    width, potential = period(law), 0.0
    strength = -law[STRENGTH] if law[COUPLING] == BY_MASSES else law[STRENGTH]
    coupling = bodies[0] if law[COUPLING] == BY_MASSES else bodies[1]
    for i in range(x.shape[0]):
        for j in range(i):
            c = strength * coupling[i] * coupling[j] if law[COUPLING] != 0 else 0.0
            if c != 0:
                s2 = distance2(x, axes, i, j, width) + law[SOFTENING] * law[SOFTENING]
                potential += c * pair_potential(s2, law)
            if law[CONTACT_STIFFNESS] > 0 and (kinds[i] == DISC) != (kinds[j] == DISC):
                depth = radii[i] + radii[j] - np.sqrt(distance2(x, axes, i, j, width))
                if depth > 0 and (kinds[i] == MOVING or kinds[j] == MOVING):
                    potential += 0.5 * law[CONTACT_STIFFNESS] * depth * depth
    return potential


@njit(cache=True, error_model="numpy")
def _of_bonds(x: np.ndarray, axes: tuple, bonds: np.ndarray, law: np.ndarray) -> float:
    """Return the potential energy of the springs; each direction contributes half of it."""
    width, potential = period(law), 0.0
    for b in range(bonds.shape[1]):
        r = np.sqrt(distance2(x, axes, int(bonds[0, b]), int(bonds[1, b]), width))
        potential += 0.25 * bonds[2, b] * (r - bonds[3, b]) ** 2
    return potential


@njit(cache=True, error_model="numpy", nogil=True)
def energies(
    frames: np.ndarray, axes: tuple, bodies: np.ndarray, bonds: np.ndarray, law: np.ndarray
) -> np.ndarray:
    """Return the kinetic and potential energy of the moving bodies, in every frame: [T, 2].

    Args:
        frames: positions and velocities [T, 2, n, d].
        axes: a tuple of length d.
        bodies: packed as in forces.py.
        bonds: packed as in forces.py.
        law: packed as in forces.py.
    """
    found = np.empty((len(frames), 2))
    has_pairs = law[COUPLING] != 0 or law[CONTACT_STIFFNESS] > 0
    for t in range(len(frames)):
        kinetic, potential = _of_bodies(frames[t], axes, bodies, law[FIELD])
        potential += _of_bonds(frames[t, 0], axes, bonds, law)
        if has_pairs:
            potential += _of_pairs(frames[t, 0], axes, bodies, law)
        found[t] = kinetic, potential
    return found
