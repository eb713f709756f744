"""Random scenes, and their forces, potentials and collisions by loops in plain numpy."""

import itertools

import numpy as np

from data_gen.bodies.dynamics.forces import forces
from data_gen.bodies.dynamics.scene import Bonds, Clock, Law, points
from data_gen.bodies.dynamics.simulate import simulate

LAWS = {
    "gravity": Law("masses", strength=1.3, softening=0.1),
    "charge": Law("charges", strength=0.7, softening=0.1),
    "yukawa": Law("charges", strength=0.7, softening=0.1, screening=0.8),
    "inverse_r": Law("charges", strength=0.7, exponent=1.0, softening=0.1),
    "inverse_cube": Law("masses", strength=0.2, exponent=3.0, softening=0.5),
    "springs": Law(),
    "springs_in_a_field": Law(field=3.0),
}


def scene(name, num_bodies=5, d=2, seed=0, clock=None, **changes):
    """Return bodies near a ring, with random masses and charges; half of the pairs have springs."""
    rng = np.random.default_rng(seed)
    angles = 2 * np.pi * np.arange(num_bodies) / num_bodies
    x = rng.normal(0, 0.1, (num_bodies, d))
    x[:, :2] += 1.5 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    v = rng.normal(0, 0.3, (num_bodies, d))
    law = Law(**{**vars(LAWS[name]), **changes})
    made = points(x, v, law, clock or Clock(0.02, 1), np.inf)._replace(
        masses=rng.uniform(0.5, 2, num_bodies), charges=rng.choice([-1.0, 1.0], num_bodies)
    )
    if name.startswith("springs"):
        pairs = np.array(list(itertools.combinations(range(num_bodies), 2)))[::2]
        bonds = Bonds.both_ways(
            pairs, rng.uniform(1, 3, len(pairs)), rng.uniform(0.3, 0.9, len(pairs))
        )
        made = made._replace(bonds=bonds)
    return made


def compiled_forces(made, positions=None, velocities=None):
    """Return the forces [n, d] of the code under test."""
    x = made.positions if positions is None else positions
    v = made.velocities if velocities is None else velocities
    bodies = np.array([made.masses, made.charges, made.radii, made.kinds], dtype=float)
    force = np.full(x.shape, np.nan)
    axes = (0,) * x.shape[1]
    packed = made.law.packed()
    bonds = np.array(made.bonds, dtype=float)
    forces(np.array([x, v]), axes, bodies, bonds, packed, force)
    return force


def potential(made, x):
    """Return the potential energy: integrals of the force law over pairs and springs."""
    law, total = made.law, 0.0
    for i, j in itertools.combinations(range(len(x)), 2):
        s = np.sqrt(((x[i] - x[j]) ** 2).sum() + law.softening**2)
        couplings = {
            "none": 0.0,
            "masses": -made.masses[i] * made.masses[j],
            "charges": made.charges[i] * made.charges[j],
        }
        shapes = {1.0: -np.log(s), 2.0: 1 / s, 3.0: 1 / (2 * s * s)}
        shape = np.exp(-law.screening * s) / s if law.screening else shapes[law.exponent]
        total += law.strength * couplings[law.coupling] * shape
    springs = zip(*made.bonds, strict=True)
    for j, i, k, rest in list(springs)[: len(made.bonds.senders) // 2]:
        total += 0.5 * k * (np.linalg.norm(x[i] - x[j]) - rest) ** 2
    return total


def kinetic(made, v):
    """Return the kinetic energy of all bodies."""
    return 0.5 * float((made.masses * (v**2).sum(axis=1)).sum())


def end(made, num_frames, **clock):
    """Return positions and velocities after `num_frames` frames."""
    motion = simulate(made._replace(clock=made.clock._replace(**clock)), num_frames)
    return motion.positions[-1], motion.velocities[-1]


def plain_collisions(made, time, step=1e-5):
    """Simulate by small steps: two bodies that overlap and approach each other collide."""
    x, v, radii, m = made.positions.copy(), made.velocities.copy(), made.radii, made.masses
    e, half_width = made.law.restitution, made.law.half_width
    i, j = np.triu_indices(len(x), 1)
    for _ in range(round(time / step)):
        x += step * v
        apart = x[i] - x[j]
        for p in np.flatnonzero((apart**2).sum(axis=1) < (radii[i] + radii[j]) ** 2):
            a, b = i[p], j[p]
            line = apart[p] / np.linalg.norm(apart[p])
            speed = line @ (v[a] - v[b])
            if speed < 0:
                impulse = -(1 + e) * speed * m[a] * m[b] / (m[a] + m[b]) * line
                v[a], v[b] = v[a] + impulse / m[a], v[b] - impulse / m[b]
        out = (np.abs(x) + radii[:, None] > half_width) & (x * v > 0)
        v[out] *= -e
    return x, v
