"""From a scene to its motion, by the scheme of its law; coarse steps are refined, never trusted."""

from dataclasses import replace

import numpy as np

from data_gen.bodies.dynamics import collisions, leapfrog
from data_gen.bodies.dynamics.energies import energies
from data_gen.bodies.dynamics.scene import Motion, Scene

MAX_REFINEMENTS = 3  # halvings of the step, before a scene that drifts is given up


def simulate(scene: Scene, num_frames: int) -> Motion:
    """The motion of a scene; steps are halved while its energy drifts more than it tolerates.

    Args:
        scene: at time 0; `clock.skip` frames pass before the first that is kept.
        num_frames: T, after the first.

    Returns:
        The motion; its `is_clean` says whether the energy is kept at last. One that is not is for
        the caller to reject or to flag.
    """
    motion = _once(scene, num_frames)
    for refinement in range(1, MAX_REFINEMENTS + 1):
        if motion.drift <= scene.tolerance or scene.law.scheme == "collisions":  # has no steps
            break
        finer = scene.clock._replace(substeps=scene.clock.substeps * 2**refinement)
        motion = _once(scene._replace(clock=finer), num_frames)
    return motion._replace(scene=scene)


def coarse(motion: Motion) -> Motion:
    """The same from frame 0 on with one step of the integrator for each frame.

    It is what a model of that step can do. Collisions have no step: they stay what they are.
    """
    scene, clock = motion.scene, motion.scene.clock._replace(substeps=1, skip=0)
    law = replace(scene.law, clamp=np.inf)
    start = {"positions": motion.positions[0], "velocities": motion.velocities[0]}
    return _once(scene._replace(law=law, clock=clock, **start), len(motion.positions) - 1)


def _once(scene: Scene, num_frames: int) -> Motion:
    """The motion with the steps that the scene asks for."""
    law, clock = scene.law, scene.clock
    if clock.skip < 0 or clock.substeps < 1:
        raise ValueError(
            f"clock is {clock}: skip of at least 0 and substeps of at least 1 are needed"
        )
    x, v = scene.positions, scene.velocities
    frames = np.empty((num_frames + 1, 2, *x.shape))
    frames[0] = x, v
    axes = (0,) * x.shape[1]
    bodies = np.array([scene.masses, scene.charges, scene.radii, scene.kinds], dtype=float)
    bonds = np.array(scene.bonds, dtype=float)
    if law.scheme == "collisions":
        times, box = (clock.time_step, clock.skip), (law.half_width, law.restitution)
        collisions.run(x.copy(), v.copy(), bodies, box, times, frames)
    else:
        dt = clock.time_step / clock.substeps
        steps = dt, clock.substeps, clock.skip, law.scheme == "leapfrog"
        leapfrog.run(axes, bodies, bonds, law.packed(), steps, frames)
    start = np.array([[x, v]])
    parts = energies(np.concatenate([start, frames]), axes, bodies, bonds, law.packed())
    energy, kinetic = parts.sum(axis=1), parts[1:, 0]
    return Motion(scene, frames[:, 0], frames[:, 1], energy[1:], kinetic, float(energy[0]))
