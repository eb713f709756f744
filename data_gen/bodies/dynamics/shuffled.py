"""Scenes whose order of bodies tells nothing."""

import numpy as np

from data_gen.bodies.dynamics.scene import DISC, Scene


def shuffled(scene: Scene, rng: np.random.Generator) -> Scene:
    """The same scene with its bodies in random order, discs last; bonds still join what they did.

    Args:
        scene: n bodies; all discs come after all others.
        rng: for the permutation of those others.
    """
    moved = rng.permutation(int((scene.kinds != DISC).sum()))
    order = np.concatenate([moved, np.arange(len(moved), len(scene.kinds))])
    place = np.argsort(order)  # of each body, in the new order
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
