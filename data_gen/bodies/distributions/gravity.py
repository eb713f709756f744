"""Bodies that attract one another, started at random or on orbits around a heavy one."""

from dataclasses import dataclass, replace

import numpy as np

from data_gen.bodies.dynamics.scene import Clock, Law, Scene, points
from data_gen.bodies.motions import check_dim
from data_gen.distribution import Distribution, GenerationError, check_one_of

COMPAT = ("", "segnn")
STARTS = ("free", "orbits", "both")
DENSITY = 1.0  # bodies per unit volume, so a unit of length is the room of a body
STAR_MASS = 10.0  # the mass of the star, in mean masses of the other bodies


@dataclass(frozen=True)
class Gravity(Distribution[Scene]):
    """Softened Newtonian gravity with G = 1, unit mean mass, and unit density for any number.

    "free": bodies are uniform in a ball of the radius that gives the density, with normal
    velocities. "orbits": a star of 10 mean masses starts in the centre, and the others circle
    around it. "both": each of the two with probability 1/2. The centre of mass rests in the origin.
    Source: Battaglia et al. 2016 (free and orbits); Plummer 1911 (softening). Units: the length of
    the room of a body, the mean mass of the bodies without a star, and G = 1.

    Args:
        dim: 2 or 3.
        start: "free", "orbits" or "both".
        mass_ratio: the largest mass divided by the smallest; masses are log-uniform between them,
            scaled to a mean of 1.
        speed: the standard deviation of a velocity component of free bodies.
        exponent: the exponent of the force; 2 is Newton's.
        softening: the softening length of the force.
        density: the number of bodies per unit of area or volume.
        fixed_box: True: the bodies start in the room of six, for any number of bodies.
        time_step: the time between two frames, each of 10 leapfrog steps.
        box: half the width of a periodic box, in which forces come from the nearest image alone;
            0: no box.
        compat: "segnn": the generator of Brandstetter et al. 2022: unit masses, normal positions
            and velocities for any number of bodies; frames 0.1 apart, of steps of 0.001, the first
            after 3 units of time. "": ours.

    Raises:
        ValueError: an argument is not allowed.
    """

    dim: int = 2
    start: str = "free"
    mass_ratio: float = 3.0
    speed: float = 0.5
    exponent: float = 2.0
    softening: float = 0.1
    density: float = DENSITY
    fixed_box: bool = False
    time_step: float = 0.01
    box: float = 0.0
    compat: str = ""

    def __post_init__(self) -> None:
        check_one_of("start", self.start, STARTS)
        check_dim(self.dim)
        if self.mass_ratio < 1:
            raise ValueError(f"mass_ratio must be at least 1, got {self.mass_ratio!r}")
        check_one_of("compat", self.compat, COMPAT)
        if self.box < 0:
            raise ValueError(f"box must be at least 0, got {self.box!r}")
        for name in ("softening", "density", "time_step"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)!r}")

    def draw(self, size: int, rng: np.random.Generator) -> Scene:
        """Draw bodies at time 0.

        Raises:
            GenerationError: the bodies do not fit into the periodic box.
        """
        if self.compat == "segnn":
            return self._segnn(size, rng)
        masses = self._masses(size, rng)
        room = (6 if self.fixed_box else size) / self.density
        radius = np.sqrt(room / np.pi) if self.dim == 2 else np.cbrt(room / (4 * np.pi / 3))
        if 0 < self.box < radius:
            raise GenerationError(f"{self!r}: {size} bodies do not fit into the box")
        is_free = self.start == "free" or (self.start == "both" and rng.random() < 0.5)
        state = self._free(size, radius, rng) if is_free else self._orbits(masses, radius, rng)
        x, v = (part - masses @ part / masses.sum() for part in state)
        scene = points(x, v, self._law(), Clock(self.time_step, 10), tolerance=0.01)
        order = rng.permutation(size)
        return scene._replace(positions=x[order], velocities=v[order], masses=masses[order])

    def _law(self) -> Law:
        law = Law("masses", exponent=self.exponent, softening=self.softening)
        return replace(law, box="periodic", half_width=self.box) if self.box else law

    def _segnn(self, size: int, rng: np.random.Generator) -> Scene:
        """Draw unit masses at normal positions; frame 0 is the 30th of the published motion."""
        x, v = rng.standard_normal((2, size, self.dim))
        x, v = x - x.mean(axis=0), v - v.mean(axis=0)
        return points(x, v, Law("masses", softening=0.1), Clock(0.1, 100, 30), np.inf)

    def _masses(self, size: int, rng: np.random.Generator) -> np.ndarray:
        """Draw log-uniform masses with an expected value of 1."""
        ratio = self.mass_ratio
        mean = (ratio - 1) / np.log(ratio) if ratio > 1 else 1.0
        return ratio ** rng.random(size) / mean

    def _free(
        self, size: int, radius: float, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        x = radius * in_ball(size, self.dim, rng)
        return x, self.speed * rng.standard_normal((size, self.dim))

    def _orbits(
        self, masses: np.ndarray, radius: float, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Make the first body the star; the others circle it in random planes, all one way."""
        masses[0] = STAR_MASS
        x = radius * in_ball(len(masses), self.dim, rng)
        x[0] = 0
        r2 = np.square(x).sum(axis=1, keepdims=True) + self.softening**2
        axis = np.zeros((len(x), 3))
        axis[:, 2] = 1.0
        ahead = np.cross(axis, np.pad(x, ((0, 0), (0, 3 - self.dim))))[:, : self.dim]
        length = np.linalg.norm(ahead, axis=1, keepdims=True)
        pull = (
            STAR_MASS * np.linalg.norm(x, axis=1, keepdims=True) * r2 ** (-(self.exponent + 1) / 2)
        )
        speed = np.sqrt(pull * np.linalg.norm(x, axis=1, keepdims=True))
        return x, speed * ahead / np.where(length > 0, length, 1)


def in_ball(size: int, dim: int, rng: np.random.Generator) -> np.ndarray:
    """Draw points that are uniform in the unit ball [size, dim]."""
    x = rng.standard_normal((size, dim))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    return x * rng.random((size, 1)) ** (1 / dim)
