"""From a scene to its motion, by the scheme of its law; coarse steps are refined, never trusted."""

from dataclasses import replace

import numpy as np

from data_gen.dynamics import collisions, leapfrog
from data_gen.dynamics.scene import Motion, Scene

MAX_REFINEMENTS = (
    3  # halvings of the step, before a scene that does not keep its energy is given up
)


def simulate(scene: Scene, num_frames: int) -> Motion:
    """The motion of a scene, its steps halved while the energy drifts more than it tolerates.

    Args:
        scene: at time 0; `clock.skip` frames pass before the first that is kept.
        num_frames: T, after the first.

    Returns:
        The motion; its `is_clean` says whether the energy is kept at last. One that is not is for
        the caller to reject or to flag.
    """
    motion = _once(scene, num_frames)
    for refinement in range(1, MAX_REFINEMENTS + 1):
        if motion.drift <= scene.tolerance:
            break
        finer = scene.clock._replace(substeps=scene.clock.substeps * 2**refinement)
        motion = _once(scene._replace(clock=finer), num_frames)
    return motion._replace(scene=scene)


def coarse(scene: Scene, num_frames: int) -> Motion:
    """The same with one step of the integrator for each frame: what a model of that step can do.

    Collisions have no step: they stay what they are.
    """
    law = replace(scene.law, clamp=np.inf)
    clock = scene.clock._replace(substeps=1)
    return _once(scene._replace(law=law, clock=clock), num_frames)


def _once(scene: Scene, num_frames: int) -> Motion:
    """The motion with the steps that the scene asks for."""
    law, clock, packed = scene.law, scene.clock, scene.law.packed()
    bodies = scene.masses, scene.charges, scene.radii, scene.kinds
    x, v = scene.positions.copy(), scene.velocities.copy()
    frames = np.empty((num_frames + 1, 2, *x.shape))
    if law.scheme == "collisions":
        box = law.half_width, law.restitution
        collisions.run(x, v, bodies, box, (clock.time_step, clock.skip), frames)
    else:
        dt = clock.time_step / clock.substeps
        steps = dt, clock.substeps, clock.skip, law.scheme == "leapfrog"
        leapfrog.run(x, v, bodies, tuple(scene.bonds), packed, steps, frames)
    pairs = [leapfrog.energies(x, v, bodies, tuple(scene.bonds), packed) for x, v in frames]
    kinetic, potential = np.array(pairs).T
    return Motion(scene, frames[:, 0], frames[:, 1], kinetic + potential, kinetic)
