"""Particles: the base class of the distributions of NRI's particles."""

from typing import ClassVar

import numpy as np

from data_gen.bodies.dynamics.scene import Clock, Law, Scene, points
from data_gen.bodies.motions import check_dim
from data_gen.distribution import Distribution, check_one_of

STEP = 1e-3  # the time step of the integrator


class Particles(Distribution[Scene]):
    """Moving points of mass 1 with normal positions and equal speeds.

    Subclasses have the fields `dim`, `speed`, `time_step`, `skip` and `compat`. Source: Kipf et al.
    2018 (NRI).

    Raises:
        ValueError: a field is not allowed.
    """

    dim: int
    speed: float
    time_step: float
    skip: int
    compat: str

    compats: ClassVar[tuple[str, ...]]  # names of published generators; "" is our own

    def __post_init__(self) -> None:
        check_one_of("compat", self.compat, self.compats)
        check_dim(self.dim)
        if not self.time_step > 0:
            raise ValueError(f"time_step must be above 0, got {self.time_step!r}")

    def begun(self, size: int, spread: float, law: Law, rng: np.random.Generator) -> Scene:
        """Return the scene at time 0, without charges or bonds.

        Args:
            size: the number of particles.
            spread: the standard deviation of the positions.
            law: the law of motion; only with `compat` "" must the energy be conserved.
            rng: draws positions, then velocities.
        """
        x = spread * rng.standard_normal((size, self.dim))
        v = rng.standard_normal((size, self.dim))
        v *= self.speed / np.linalg.norm(v, axis=1, keepdims=True)
        clock = Clock(self.time_step, max(1, round(self.time_step / STEP)), self.skip)
        return points(x, v, law, clock, tolerance=np.inf if self.compat else 0.01)
