"""Charged particles, as in the benchmarks of NRI and EGNN, and as they were meant."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from data_gen.bodies.dynamics.scene import Law, Scene
from data_gen.bodies.particles import Particles

MEAN_SIZE = 5  # whose room has a standard deviation of 1


@dataclass(frozen=True)
class Charges(Particles):
    """Charges of either sign that repel and attract by Coulomb's law, softened.

    Positions are normal, of a standard deviation that keeps the density at any number of
    particles, speeds are all alike, masses 1. Source: Kipf et al. 2018 and Satorras et al. 2021
    for the laws of the start; the softening and the leapfrog keep the energy, which the published
    generators do not: with "egnn" (3-d, no box) and "nri" (2-d, a reflecting box of half-width 5,
    one room for any number) the force on a particle is clamped to 100 in each component, and kicks
    and drifts are those of the symplectic Euler scheme.

    Args:
        dim: 2 or 3.
        speed: of every particle.
        positive: probability of charge +1; else it is -1.
        exponent: of the force.
        softening: of the force.
        screening: κ of the Yukawa force [1/L]; 0: none.
        fixed_box: whether the particles start in the room of five, however many there are.
        time_step: between two frames, of steps of 0.001.
        compat: "egnn" or "nri": the published generator, its flaws included; "": none.
        skip: frames that pass before the first.
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
            raise ValueError(f"positive is {self.positive!r}: a number from 0 to 1 is needed")

    def draw(self, size: int, rng: np.random.Generator) -> Scene:
        """Particles at time 0."""
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
