"""Charged particles: the benchmarks of NRI and EGNN, and a corrected version of them."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from data_gen.bodies.dynamics.scene import Law, Scene
from data_gen.bodies.particles import Particles

MEAN_SIZE = 5  # the number of particles for which positions have a standard deviation of 1


@dataclass(frozen=True)
class Charges(Particles):
    """Charges of either sign that repel and attract by a softened Coulomb's law.

    Positions are normal, with a standard deviation that keeps the density the same for any number
    of particles; speeds are equal and masses 1. Source: Kipf et al. 2018 and Satorras et al. 2021
    for the laws of the start. Softening and leapfrog conserve the energy, which the published
    generators do not: with "egnn" (3-d, no box) and "nri" (2-d, a reflecting box of half width 5,
    the same spread for any number) each component of the force on a particle is clamped to 100,
    and the integrator is the symplectic Euler scheme.

    Args:
        dim: 2 or 3.
        speed: the speed of every particle.
        positive: the probability of charge +1; otherwise the charge is -1.
        exponent: the exponent of the force.
        softening: the softening length of the force.
        screening: κ of the Yukawa force [1/L]; 0: no screening.
        fixed_box: True: the spread of the start is that of five particles for any number.
        time_step: the time between two frames, in integrator steps of 0.001.
        compat: "egnn" or "nri": the published generator, its flaws included; "": ours.
        skip: the number of frames that are dropped before the first.

    Raises:
        ValueError: an argument is not allowed.
    """

    dim: int = 3
    speed: float = 0.5
    positive: float = 0.5
    exponent: float = 2.0
    softening: float = 0.1
    screening: float = 0.0
    fixed_box: bool = False
    time_step: float = 0.1
    skip: int = 0
    compat: str = ""

    compats: ClassVar[tuple[str, ...]] = ("", "egnn", "nri")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.positive <= 1:
            raise ValueError(f"positive must be a number from 0 to 1, got {self.positive!r}")

    def draw(self, size: int, rng: np.random.Generator) -> Scene:
        """Draw particles at time 0."""
        is_fixed = self.fixed_box or self.compat == "nri"
        spread = 1.0 if is_fixed else (size / MEAN_SIZE) ** (1 / self.dim)
        scene = self.begun(size, spread, self._law(), rng)
        charges = np.where(rng.random(size) < self.positive, 1.0, -1.0)
        return scene._replace(charges=charges)

    def _law(self) -> Law:
        if not self.compat:
            return Law(
                "charges", exponent=self.exponent, softening=self.softening,
                screening=self.screening,
            )  # fmt: skip
        box = ("reflecting", 5.0) if self.compat == "nri" else ("none", np.inf)
        return Law("charges", clamp=100.0, box=box[0], half_width=box[1], scheme="euler")
