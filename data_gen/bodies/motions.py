"""From scenes to the motions that tasks are posed on."""

import numpy as np

from data_gen.bodies.dynamics.scene import Motion, Scene
from data_gen.bodies.dynamics.simulate import simulate
from data_gen.distribution import GenerationError


def check_dim(dim: int) -> None:
    """Raise ValueError for a number of coordinates that no scene has."""
    if dim not in (2, 3):
        raise ValueError(f"dim is {dim!r}: 2 or 3 is needed")


def posed_motions(scenes: list[Scene], num_frames: int, dim: int) -> list[Motion]:
    """The motions of a group of scenes; none if one of them does not keep its energy.

    A scene without a tolerance, as those of published generators are, is taken as it comes: its
    motion says whether it is clean.

    Raises:
        GenerationError: a scene of other than `dim` coordinates.
    """
    motions = []
    for scene in scenes:
        if scene.positions.shape[1] != dim:
            raise GenerationError(
                f"task.dim: {dim} is not allowed, the distribution draws scenes of"
                f" {scene.positions.shape[1]} coordinates"
            )
        motions.append(simulate(scene, num_frames))
    is_sound = all(motion.drift <= motion.scene.tolerance for motion in motions)
    return motions if is_sound and all(np.isfinite(m.positions).all() for m in motions) else []
