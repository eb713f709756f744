"""Random permutation of the bodies of a scene, so that their order carries no information."""

import numpy as np

from data_gen.bodies.dynamics.scene import DISC, Scene


def shuffled(scene: Scene, rng: np.random.Generator) -> Scene:
    """Return the scene with its bodies in random order, discs last, and its bonds renumbered.

    Args:
        scene: a scene of n bodies, in which all discs come last.
        rng: draws the permutation of all bodies that are not discs.
    """
    moved = rng.permutation(int((scene.kinds != DISC).sum()))
    order = np.concatenate([moved, np.arange(len(moved), len(scene.kinds))])
    place = np.argsort(order)  # the place of each body in the new order
    bonds = scene.bonds
    return scene._replace(
        positions=scene.positions[order],
        velocities=scene.velocities[order],
        masses=scene.masses[order],
        charges=scene.charges[order],
        radii=scene.radii[order],
        kinds=scene.kinds[order],
        bonds=bonds._replace(senders=place[bonds.senders], receivers=place[bonds.receivers]),
    )
