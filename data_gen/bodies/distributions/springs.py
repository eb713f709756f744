"""Particles with springs of rest length 0 between random pairs, as in NRI."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from data_gen.bodies.dynamics.scene import Bonds, Law, Scene
from data_gen.bodies.particles import Particles


@dataclass(frozen=True)
class Springs(Particles):
    """Particles whose pairs are joined at random by springs of rest length 0.

    Each pair is joined independently, with the same probability.

    Positions are normal, speeds equal and masses 1. Source: Kipf et al. 2018;
    `data/synthetic_sim.py` of ethanfetaya/NRI. With "nri" the integrator and the box are the
    published ones; particles do not reach the walls in its 49 frames. With "" the integrator is
    leapfrog, without a box.

    Args:
        dim: 2 or 3.
        stiffness: the stiffness of every spring [M/T²].
        probability: the probability that a pair is joined.
        spread: the standard deviation of the positions.
        speed: the speed of every particle.
        time_step: the time between two frames, in integrator steps of 0.001.
        skip: the number of frames that are dropped before the first.
        compat: "nri": the published generator; "": ours.

    Raises:
        ValueError: an argument is not allowed.
    """

    dim: int = 2
    stiffness: float = 0.1
    probability: float = 0.5
    spread: float = 0.5
    speed: float = 0.5
    time_step: float = 0.1
    skip: int = 0
    compat: str = ""

    compats: ClassVar[tuple[str, ...]] = ("", "nri")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.probability <= 1:
            raise ValueError(f"probability must be from 0 to 1, got {self.probability!r}")

    def draw(self, size: int, rng: np.random.Generator) -> Scene:
        """Draw particles at time 0."""
        law = Law()
        if self.compat:
            law = Law(box="reflecting", half_width=5.0, scheme="euler")
        scene = self.begun(size, self.spread, law, rng)
        pairs = np.stack(np.triu_indices(size, 1), axis=1)
        pairs = pairs[rng.random(len(pairs)) < self.probability]
        bonds = Bonds.both_ways(pairs, np.full(len(pairs), self.stiffness), np.zeros(len(pairs)))
        return scene._replace(bonds=bonds)
