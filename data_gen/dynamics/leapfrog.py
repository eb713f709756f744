"""Bodies under forces: kick, drift, kick, compiled, for one scene at a time.

n bodies, d coordinates, m bonds, T frames after the first. A law is its packed numbers, in the
order of `Law.packed`.
"""

import numpy as np
from numba import njit

from data_gen.dynamics.scene import DISC, MOVING

MOVES, IS_DISC = MOVING, DISC  # constants of the compiled code


@njit(cache=True, error_model="numpy")
def pair_force(s2: float, law: np.ndarray) -> float:
    """f(s) / s of `Law`, of the softened squared distance."""
    exponent, screening = law[2], law[4]
    if screening > 0:
        s = np.sqrt(s2)
        return np.exp(-screening * s) * (1 / s2 + screening / s) / s
    if exponent == 2:
        return 1 / (s2 * np.sqrt(s2))
    return s2 ** (-0.5 * (exponent + 1))


@njit(cache=True, error_model="numpy")
def pair_potential(s2: float, law: np.ndarray) -> float:
    """Of which -f is the derivative by s."""
    exponent, screening = law[2], law[4]
    s = np.sqrt(s2)
    if screening > 0:
        return np.exp(-screening * s) / s
    if exponent == 1:
        return -np.log(s)
    return s ** (1 - exponent) / (exponent - 1)


@njit(cache=True, error_model="numpy")
def _apart(x: np.ndarray, i: int, j: int, law: np.ndarray, out: np.ndarray) -> float:
    """x_i - x_j, to the nearest image in a periodic box, and its squared length."""
    r2 = 0.0
    for k in range(x.shape[1]):
        apart = x[i, k] - x[j, k]
        if law[8] == 2:
            width = 2 * law[9]
            apart -= width * np.rint(apart / width)
        out[k] = apart
        r2 += apart * apart
    return r2


@njit(cache=True, error_model="numpy")
def _add_pairs(
    x: np.ndarray, coupling: np.ndarray, law: np.ndarray, apart: np.ndarray, force: np.ndarray
) -> None:
    """Add the force of every pair, to both of its bodies."""
    n, d = x.shape
    strength = -law[1] if law[0] == 1 else law[1]
    for i in range(n):
        for j in range(i):
            c = strength * coupling[i] * coupling[j]
            if c != 0:
                f = c * pair_force(_apart(x, i, j, law, apart) + law[3] * law[3], law)
                for k in range(d):
                    force[i, k] += f * apart[k]
                    force[j, k] -= f * apart[k]


@njit(cache=True, error_model="numpy")
def _add_bonds(x: np.ndarray, bonds: tuple, law: np.ndarray, force: np.ndarray) -> None:
    """Add the force of every bond to its receiver."""
    senders, receivers, stiffness, rest_lengths = bonds
    apart = np.empty(x.shape[1])
    for b in range(len(senders)):
        j, i = senders[b], receivers[b]
        f = -stiffness[b]
        r2 = _apart(x, i, j, law, apart)
        if rest_lengths[b] != 0:
            f *= 1 - rest_lengths[b] / np.sqrt(r2)
        for k in range(x.shape[1]):
            force[i, k] += f * apart[k]


@njit(cache=True, error_model="numpy")
def _add_contacts(
    x: np.ndarray, v: np.ndarray, bodies: tuple, law: np.ndarray, force: np.ndarray
) -> None:
    """Add the push of every disc on the bodies that are in it."""
    _, _, radii, kinds = bodies
    apart = np.empty(x.shape[1])
    for j in range(len(x)):
        if kinds[j] != IS_DISC:
            continue
        for i in range(len(x)):
            r = np.sqrt(_apart(x, i, j, law, apart))
            depth = radii[i] + radii[j] - r
            if kinds[i] == MOVES and depth > 0:
                speed = 0.0  # at which it goes out
                for k in range(x.shape[1]):
                    speed += v[i, k] * apart[k] / r
                f = (law[10] * depth - law[11] * speed) / r
                for k in range(x.shape[1]):
                    force[i, k] += f * apart[k]


@njit(cache=True, error_model="numpy")
def forces(
    x: np.ndarray, v: np.ndarray, bodies: tuple, bonds: tuple, law: np.ndarray, force: np.ndarray
) -> None:
    """Write the force on every body [n, d], without the field and the drag.

    Args:
        x: positions [n, d].
        v: velocities [n, d], of which the damping of contacts depends.
        bodies: masses, charges, radii, kinds, each [n].
        bonds: senders, receivers, stiffness, rest_lengths, each [m].
        law: packed.
        force: written to.
    """
    force[:] = 0
    if law[0] != 0:
        coupling = bodies[0] if law[0] == 1 else bodies[1]
        _add_pairs(x, coupling, law, np.empty(x.shape[1]), force)
    _add_bonds(x, bonds, law, force)
    if law[10] > 0:
        _add_contacts(x, v, bodies, law, force)
    if law[5] < np.inf:
        for i in range(x.shape[0]):
            for k in range(x.shape[1]):
                force[i, k] = min(max(force[i, k], -law[5]), law[5])


@njit(cache=True, error_model="numpy")
def _kick(v: np.ndarray, force: np.ndarray, bodies: tuple, law: np.ndarray, dt: float) -> None:
    """Change velocities by force and field."""
    masses, _, _, kinds = bodies
    d = v.shape[1]
    for i in range(len(v)):
        if kinds[i] == MOVES:
            for k in range(d):
                v[i, k] += dt * force[i, k] / masses[i]
            v[i, d - 1] -= dt * law[6]


@njit(cache=True, error_model="numpy")
def _drift(x: np.ndarray, v: np.ndarray, law: np.ndarray, dt: float) -> None:
    """Move, and mind the walls."""
    for i in range(x.shape[0]):
        for k in range(x.shape[1]):
            x[i, k] += dt * v[i, k]
            if law[8] == 1:
                if x[i, k] > law[9]:
                    x[i, k], v[i, k] = 2 * law[9] - x[i, k], -abs(v[i, k])
                elif x[i, k] < -law[9]:
                    x[i, k], v[i, k] = -2 * law[9] - x[i, k], abs(v[i, k])
            elif law[8] == 2:
                x[i, k] -= 2 * law[9] * np.floor((x[i, k] + law[9]) / (2 * law[9]))


@njit(cache=True, error_model="numpy")
def energies(
    x: np.ndarray, v: np.ndarray, bodies: tuple, bonds: tuple, law: np.ndarray
) -> tuple[float, float]:
    """Kinetic and potential energy of the bodies that move."""
    masses, charges, radii, kinds = bodies
    n, d = x.shape
    apart = np.empty(d)
    kinetic = potential = 0.0
    strength = -law[1] if law[0] == 1 else law[1]
    coupling = masses if law[0] == 1 else charges
    for i in range(n):
        if kinds[i] == MOVES:
            for k in range(d):
                kinetic += 0.5 * masses[i] * v[i, k] * v[i, k]
            potential += masses[i] * law[6] * x[i, d - 1]
        for j in range(i):
            r2 = _apart(x, i, j, law, apart)
            if law[0] != 0 and coupling[i] * coupling[j] != 0:
                c = strength * coupling[i] * coupling[j]
                potential += c * pair_potential(r2 + law[3] * law[3], law)
            if law[10] > 0 and (kinds[i] == IS_DISC or kinds[j] == IS_DISC):
                depth = radii[i] + radii[j] - np.sqrt(r2)
                if depth > 0 and (kinds[i] == MOVES or kinds[j] == MOVES):
                    potential += 0.5 * law[10] * depth * depth
    senders, receivers, stiffness, rest_lengths = bonds
    for b in range(len(senders)):  # of a spring, half in each direction
        stretch = np.sqrt(_apart(x, receivers[b], senders[b], law, apart)) - rest_lengths[b]
        potential += 0.25 * stiffness[b] * stretch * stretch
    return kinetic, potential


@njit(cache=True, error_model="numpy", nogil=True)
def run(
    x: np.ndarray, v: np.ndarray, bodies: tuple, bonds: tuple, law: np.ndarray,
    steps: tuple[float, int, int, bool], frames: np.ndarray,
) -> None:  # fmt: skip
    """Fill the frames [T + 1, 2, n, d]: positions, velocities; the first is the start.

    Args:
        x: positions [n, d] at the start; moved.
        v: velocities [n, d] at the start; changed.
        bodies: masses, charges, radii, kinds, each [n].
        bonds: senders, receivers, stiffness, rest_lengths, each [m].
        law: packed.
        steps: length of a step, steps between two frames, frames to skip, whether it is leapfrog
            or the symplectic Euler scheme, which kicks by whole steps.
        frames: written to.
    """
    dt, substeps, skip, is_leapfrog = steps
    force = np.empty_like(x)
    before, after = (0.5 * dt, 0.5 * dt) if is_leapfrog else (dt, 0.0)
    decay = np.exp(-law[7] * 0.5 * dt)
    forces(x, v, bodies, bonds, law, force)
    for frame in range(skip + len(frames)):
        if frame >= skip:
            frames[frame - skip, 0] = x
            frames[frame - skip, 1] = v
        if frame == skip + len(frames) - 1:
            break
        for _ in range(substeps):
            v *= decay
            _kick(v, force, bodies, law, before)
            _drift(x, v, law, dt)
            forces(x, v, bodies, bonds, law, force)
            if after > 0:
                _kick(v, force, bodies, law, after)
            v *= decay
