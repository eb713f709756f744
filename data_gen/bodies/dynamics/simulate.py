"""Simulation of a scene by the scheme of its law; too coarse steps are refined."""

from dataclasses import replace

import numpy as np

from data_gen.bodies.dynamics import collisions, leapfrog
from data_gen.bodies.dynamics.energies import energies
from data_gen.bodies.dynamics.scene import Motion, Scene

MAX_REFINEMENTS = 3  # the most halvings of the step while the energy drifts too much


def simulate(scene: Scene, num_frames: int) -> Motion:
    """Simulate a scene; halve the steps while the energy drifts more than the scene tolerates.

    Args:
        scene: the scene at time 0; `clock.skip` frames are dropped before the first that is kept.
        num_frames: T, the number of frames after the first.

    Returns:
        The motion. Its `is_clean` tells whether the energy is conserved in the end; if not, the
        caller must reject or flag the motion.

    Raises:
        ValueError: the clock has a negative skip or no substep.
    """
    motion = _once(scene, num_frames)
    for refinement in range(1, MAX_REFINEMENTS + 1):
        if motion.drift <= scene.tolerance or scene.law.scheme == "collisions":  # no steps
            break
        finer = scene.clock._replace(substeps=scene.clock.substeps * 2**refinement)
        motion = _once(scene._replace(clock=finer), num_frames)
    return motion._replace(scene=scene)


def coarse(motion: Motion) -> Motion:
    """Return the motion from frame 0 on with one integrator step a frame.

    This is the best that a model of such a step can do. Collisions have no steps and stay exact.
    """
    scene, clock = motion.scene, motion.scene.clock._replace(substeps=1, skip=0)
    law = replace(scene.law, clamp=np.inf)
    start = {"positions": motion.positions[0], "velocities": motion.velocities[0]}
    return _once(scene._replace(law=law, clock=clock, **start), len(motion.positions) - 1)


def _once(scene: Scene, num_frames: int) -> Motion:
    """Return the motion with the steps of the scene's clock."""
    law, clock = scene.law, scene.clock
    if clock.skip < 0 or clock.substeps < 1:
        allowed = "skip of at least 0 and substeps of at least 1"
        raise ValueError(f"clock must have {allowed}, got {clock}")
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
