"""Particles of which random pairs are joined by springs of no length, as in NRI."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from data_gen.bodies.dynamics.scene import Bonds, Law, Scene
from data_gen.bodies.particles import Particles


@dataclass(frozen=True)
class Springs(Particles):
    """Each pair is joined with the same probability by a spring whose pull grows with the distance.

    Positions are normal, speeds all alike, masses 1. Source: Kipf et al. 2018;
    `data/synthetic_sim.py` of ethanfetaya/NRI, which "nri" follows to the scheme and the box, whose
    walls are not met in its 49 frames; the clean one has leapfrog steps and no box.

    Args:
        dim: 2 or 3.
        stiffness: of every spring [M/T²].
        probability: that a pair is joined.
        spread: standard deviation of the positions.
        speed: of every particle.
        time_step: between two frames, of steps of 0.001.
        skip: frames that pass before the first.
        compat: "nri": the published generator; "": none.
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
            raise ValueError(f"probability is {self.probability!r}: from 0 to 1 is needed")

    def draw(self, size: int, rng: np.random.Generator) -> Scene:
        """Particles at time 0."""
        law = Law()
        if self.compat:
            law = Law(box="reflecting", half_width=5.0, scheme="euler")
        scene = self.begun(size, self.spread, law, rng)
        pairs = np.stack(np.triu_indices(size, 1), axis=1)
        pairs = pairs[rng.random(len(pairs)) < self.probability]
        bonds = Bonds.both_ways(pairs, np.full(len(pairs), self.stiffness), np.zeros(len(pairs)))
        return scene._replace(bonds=bonds)
