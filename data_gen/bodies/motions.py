"""Simulation of the scenes that become instances of tasks on bodies."""

import numpy as np

from data_gen.bodies.dynamics.scene import Motion, Scene
from data_gen.bodies.dynamics.simulate import simulate
from data_gen.distribution import GenerationError

LARGEST = 1e18  # of a coordinate or a velocity: models square it in float32


def check_dim(dim: int) -> None:
    """Raise ValueError unless the number of coordinates is 2 or 3."""
    if dim not in (2, 3):
        raise ValueError(f"dim must be 2 or 3, got {dim!r}")


def posed_motions(scenes: list[Scene], num_frames: int, dim: int) -> list[Motion]:
    """Return the motions of a group of scenes; [] if one of them does not conserve its energy.

    A motion in which a coordinate or a velocity is not a number, or above `LARGEST`, is rejected,
    as of bodies in the same place. A scene with infinite tolerance, such as one of a published
    generator, is never rejected for its energy; `is_clean` of its motion tells whether the energy
    is conserved.

    Raises:
        GenerationError: a scene does not have `dim` coordinates.
    """
    motions = []
    for scene in scenes:
        if scene.positions.shape[1] != dim:
            raise GenerationError(
                f"task.dim must be {scene.positions.shape[1]} for scenes of this distribution,"
                f" got {dim}"
            )
        motions.append(simulate(scene, num_frames))
    return motions if all(map(_is_sound, motions)) else []


def _is_sound(motion: Motion) -> bool:
    """Return whether the motion keeps its energy as its scene requires, and consists of numbers."""
    is_number = all(
        bool((np.abs(part) <= LARGEST).all()) for part in (motion.positions, motion.velocities)
    )
    return is_number and motion.drift <= motion.scene.tolerance
