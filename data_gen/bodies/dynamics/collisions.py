"""Hard discs and spheres: exact free flight from one collision to the next, compiled.

A scene has n bodies in d dimensions, and T frames after the first. The only errors are rounding.

For every body the next collision is predicted: its partner and its time. A collision changes the
predictions of its two bodies and of all bodies that were to meet one of them; all others stay. With
one exception the motion does not depend on the time step of the frames. Bodies that lose energy can
meet infinitely often in a finite time (inelastic collapse); therefore a body that collides twice
within `CONTACT` time steps loses no energy the second time (Luding and McNamara 1998, "How to
handle the inelastic collapse of a dissipative hard-sphere gas with the TC model").
"""

import numpy as np
from numba import njit

from data_gen.bodies.dynamics.scene import MOVING

FIRST_WALL = -1  # the partner of a body that meets a wall across axis k is FIRST_WALL - k
CONTACT = 1e-3  # the assumed duration of a collision, in time steps
ROUNDING = 1e-14  # the relative rounding error of velocities
MAX_HITS = 1000  # the most collisions per body and time step; more are a failure


@njit(cache=True, error_model="numpy")
def collide(
    x: np.ndarray, v: np.ndarray, inverse: np.ndarray, i: int, j: int, restitution: float
) -> None:
    """Change the velocities of two touching bodies, along the line of their centres.

    The impulse is (1 + restitution) times the speed of approach divided by the sum of the inverse
    masses. It is the same for both bodies, so momentum is conserved up to rounding.

    Args:
        x: positions [n, d].
        v: velocities [n, d]; modified.
        inverse: inverse masses [n]; 0 for a body that nothing moves.
        i: the first body.
        j: the second body.
        restitution: the relative speed along the line after the collision, divided by that before.
    """
    r2 = approach = 0.0
    for k in range(x.shape[1]):
        apart = x[i, k] - x[j, k]
        r2 += apart * apart
        approach += apart * (v[i, k] - v[j, k])
    impulse = -(1 + restitution) * approach / (r2 * (inverse[i] + inverse[j]))
    for k in range(x.shape[1]):
        push = impulse * (x[i, k] - x[j, k])
        v[i, k] += inverse[i] * push
        v[j, k] -= inverse[j] * push


@njit(cache=True, error_model="numpy")
def time_to_meet(x: np.ndarray, v: np.ndarray, radii: np.ndarray, i: int, j: int) -> float:
    """Return the time until two bodies touch; inf if they never do, as bodies that move apart.

    This is the smaller root of |apart + t speed|² = (r_i + r_j)², computed without cancellation. An
    approach slower than the rounding of velocities does not count, as no collision could change it.
    """
    touch = radii[i] + radii[j]
    r2 = approach = speed2 = speeds2 = 0.0
    for k in range(x.shape[1]):
        apart, speed = x[i, k] - x[j, k], v[i, k] - v[j, k]
        r2 += apart * apart
        approach -= apart * speed
        speed2 += speed * speed
        speeds2 += v[i, k] * v[i, k] + v[j, k] * v[j, k]
    if approach <= 0 or approach * approach <= ROUNDING * ROUNDING * r2 * speeds2:
        return np.inf
    gap = r2 - touch * touch
    if gap <= 0:  # due to rounding
        return 0.0
    root2 = approach * approach - speed2 * gap
    return gap / (approach + np.sqrt(root2)) if root2 >= 0 else np.inf


@njit(cache=True, error_model="numpy")
def _predict(state: tuple, setting: tuple, now: float, i: int, plans: tuple) -> None:
    """Write the next collision of body i, and update bodies that it meets before their own next."""
    x, v = state
    radii, _, half_width, _, _ = setting
    times, partners = plans
    times[i], partners[i] = np.inf, i
    for k in range(x.shape[1]):
        if v[i, k] != 0 and half_width < np.inf:
            way = half_width - radii[i] - (x[i, k] if v[i, k] > 0 else -x[i, k])
            time = now + max(way, 0.0) / abs(v[i, k])
            if time < times[i]:
                times[i], partners[i] = time, FIRST_WALL - k
    for j in range(len(x)):
        if j != i:
            time = now + time_to_meet(x, v, radii, i, j)
            if time < times[i]:
                times[i], partners[i] = time, j
            if time < times[j]:
                times[j], partners[j] = time, i


@njit(cache=True, error_model="numpy")
def _update(state: tuple, setting: tuple, now: float, i: int, j: int, plans: tuple) -> None:
    """Predict again for the bodies of a collision and for all that were to meet one of them."""
    partners = plans[1]
    for b in range(len(partners)):
        if b in (i, j) or partners[b] == i or (j >= 0 and partners[b] == j):
            _predict(state, setting, now, b, plans)


@njit(cache=True, error_model="numpy")
def _first(times: np.ndarray) -> int:
    """Return the body whose collision is next."""
    first = 0
    for b in range(1, len(times)):
        if times[b] < times[first]:
            first = b
    return first


@njit(cache=True, error_model="numpy")
def _fly(x: np.ndarray, v: np.ndarray, time: float, out: np.ndarray) -> None:
    """Write the positions of all bodies after a time of free flight."""
    for b in range(x.shape[0]):
        for k in range(x.shape[1]):
            out[b, k] = x[b, k] + time * v[b, k]


@njit(cache=True, error_model="numpy")
def _hit(state: tuple, setting: tuple, now: float, i: int, j: int, last: np.ndarray) -> None:
    """Apply a collision to the velocities; `last` holds each body's time of last collision."""
    x, v = state
    _, inverse, _, restitution, contact = setting
    partner = j if j >= 0 else i
    e = restitution if now - max(last[i], last[partner]) > contact else 1.0
    if j >= 0:
        collide(x, v, inverse, i, j, e)
    else:
        v[i, FIRST_WALL - j] *= -e
    last[i] = last[partner] = now


@njit(cache=True, error_model="numpy")
def _advance(state: tuple, setting: tuple, now: float, end: float, memory: tuple) -> float:
    """Run all collisions up to a time; return the time of the last one, nan if too many."""
    x, v = state
    times, partners, last = memory
    plans = (times, partners)
    for _ in range(MAX_HITS * len(x)):
        i = _first(times)
        if times[i] > end:
            return now
        j, time = partners[i], times[i]
        _fly(x, v, time - now, x)
        now = time
        _hit(state, setting, now, i, j, last)
        _update(state, setting, now, i, j, plans)
    return np.nan


@njit(cache=True, error_model="numpy", nogil=True)
def run(
    x: np.ndarray, v: np.ndarray, bodies: np.ndarray, box: tuple[float, float],
    times: tuple[float, int], frames: np.ndarray,
) -> None:  # fmt: skip
    """Fill the frames [T + 1, 2, n, d] with positions and velocities; the first is the start.

    Args:
        x: positions [n, d] at the start; modified.
        v: velocities [n, d] at the start; modified.
        bodies: masses, charges, radii, kinds [4, n]; bodies that are not MOVING stay in place.
        box: the half width, inf without walls, and the restitution of all collisions.
        times: the time between two frames, and the number of frames to skip.
        frames: written to; nan from the first frame before which there are too many collisions.
    """
    masses, radii, kinds = bodies[0], bodies[2], bodies[3]
    time_step, skip = times
    inverse = np.where(kinds == MOVING, 1 / masses, 0.0)
    state, setting = (x, v), (radii, inverse, box[0], box[1], CONTACT * time_step)
    plans = (np.full(len(x), np.inf), np.arange(len(x)))
    memory = (plans[0], plans[1], np.full(len(x), -np.inf))
    for b in range(len(x)):
        _predict(state, setting, 0.0, b, plans)
    now = 0.0
    for frame in range(skip + len(frames)):
        now = _advance(state, setting, now, frame * time_step, memory)
        if np.isnan(now):
            frames[max(frame - skip, 0) :] = np.nan
            return
        if frame >= skip:
            _fly(x, v, frame * time_step - now, frames[frame - skip, 0])
            frames[frame - skip, 1] = v
