"""Particles of which random pairs are joined by springs of no length, as in NRI."""

from dataclasses import dataclass

import numpy as np

from data_gen.bodies.dynamics.scene import Bonds, Clock, Law, Scene, points
from data_gen.bodies.motions import check_dim
from data_gen.distribution import Distribution

COMPAT = ("", "nri")


@dataclass(frozen=True)
class Springs(Distribution[Scene]):
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

    def __post_init__(self) -> None:
        if self.compat not in COMPAT:
            raise ValueError(f"compat is {self.compat!r}: one of {COMPAT} is needed")
        check_dim(self.dim)
        if not 0 <= self.probability <= 1:
            raise ValueError(f"probability is {self.probability!r}: from 0 to 1 is needed")
        if not self.time_step > 0:
            raise ValueError(f"time_step is {self.time_step!r}: more than 0 is needed")

    def draw(self, size: int, rng: np.random.Generator) -> Scene:
        """Particles at time 0."""
        x = self.spread * rng.standard_normal((size, self.dim))
        v = rng.standard_normal((size, self.dim))
        v *= self.speed / np.linalg.norm(v, axis=1, keepdims=True)
        pairs = np.stack(np.triu_indices(size, 1), axis=1)
        pairs = pairs[rng.random(len(pairs)) < self.probability]
        bonds = Bonds.both_ways(pairs, np.full(len(pairs), self.stiffness), np.zeros(len(pairs)))
        law = Law()
        if self.compat:
            law = Law(box="reflecting", half_width=5.0, scheme="euler")
        clock = Clock(self.time_step, max(1, round(self.time_step / 1e-3)), self.skip)
        tolerance = np.inf if self.compat else 0.01
        return points(x, v, law, clock, tolerance)._replace(bonds=bonds)
