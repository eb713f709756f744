"""How the particles of NRI begin."""

from typing import ClassVar

import numpy as np

from data_gen.bodies.dynamics.scene import Clock, Law, Scene, points
from data_gen.bodies.motions import check_dim
from data_gen.distribution import Distribution

STEP = 1e-3  # of the integrator


class Particles(Distribution[Scene]):
    """Moving points of mass 1 at normal places, all of one speed. Source: Kipf et al. 2018 (NRI).

    Subclasses have these fields.
    """

    dim: int
    speed: float
    time_step: float
    skip: int
    compat: str

    compats: ClassVar[tuple[str, ...]]  # names of published generators, and "" for ours

    def __post_init__(self) -> None:
        if self.compat not in self.compats:
            raise ValueError(f"compat is {self.compat!r}: one of {self.compats} is needed")
        check_dim(self.dim)
        if not self.time_step > 0:
            raise ValueError(f"time_step is {self.time_step!r}: more than 0 is needed")

    def begun(self, size: int, spread: float, law: Law, rng: np.random.Generator) -> Scene:
        """The scene at time 0, without charges or bonds.

        Args:
            size: number of particles.
            spread: standard deviation of the positions.
            law: what moves them; only ours are asked to keep the energy.
            rng: draws positions, then velocities.
        """
        x = spread * rng.standard_normal((size, self.dim))
        v = rng.standard_normal((size, self.dim))
        v *= self.speed / np.linalg.norm(v, axis=1, keepdims=True)
        clock = Clock(self.time_step, max(1, round(self.time_step / STEP)), self.skip)
        return points(x, v, law, clock, tolerance=np.inf if self.compat else 0.01)
