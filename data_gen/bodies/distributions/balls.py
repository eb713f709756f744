"""Bouncing balls: discs in a box that collide with one another and with the walls."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from data_gen.bodies.dynamics.scene import Clock, Law, Scene, points
from data_gen.bodies.dynamics.shuffled import shuffled
from data_gen.distribution import Distribution, GenerationError, interval

HOME_SIZE = 6  # the number of balls for which the box has the half width of the arguments
MAX_STARTS = 100  # the number of times that the box is filled from empty
MAX_TRIES = 1000  # the number of positions tried for a ball before the box is emptied


@dataclass(frozen=True)
class Balls(Distribution[Scene]):
    """Discs that fly freely between collisions, in a square box with walls, in two dimensions.

    Radii and masses are uniform in their ranges and independent of each other. Positions are
    uniform where a ball touches neither the walls nor the balls placed before it. Speeds are
    uniform in [0, 2 speed], in uniform directions. Collisions are exact, without friction or
    spin. The order of the balls is random.

    Radii, masses and restitutions are those of the bouncing balls of Battaglia et al. 2016,
    "Interaction networks for learning about objects, relations and physics". The time step is ours:
    in 0.005 s a ball of mean speed moves 1 cm, a tenth of the smallest radius, so that a frame
    shows which balls collide before the next one. In 1000 frames each of 6 balls collides about
    five times.

    Attributes:
        radius: the range of the radii [m].
        mass: the range of the masses [kg].
        speed: the mean speed [m/s].
        restitution: the relative speed after a collision, divided by that before; 1: elastic.
        half_width: half the width of the box for 6 balls [m].
        fixed_box: True: the box is the same for all sizes, so the density grows. False: the area
            per ball is the same, so the half width grows with the root of the size.
        time_step: the time between two frames [s].

    Raises:
        ValueError: an argument is out of its range.
    """

    radius: tuple[float, float] = (0.1, 0.3)
    mass: tuple[float, float] = (0.75, 1.25)
    speed: float = 2.0
    restitution: float = 1.0
    half_width: float = 2.5
    fixed_box: bool = False
    time_step: float = 0.005

    min_size: ClassVar[int] = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "radius", interval("radius", self.radius, 1e-6, np.inf))
        object.__setattr__(self, "mass", interval("mass", self.mass, 1e-6, np.inf))
        for name in ("speed", "half_width", "time_step"):
            if not 0 < getattr(self, name) < np.inf:
                value = getattr(self, name)
                raise ValueError(f"{name} must be a finite number above 0, got {value!r}")
        if not 0 <= self.restitution <= 1:
            raise ValueError(f"restitution must be a number in [0, 1], got {self.restitution!r}")

    def draw(self, size: int, rng: np.random.Generator) -> Scene:
        """Draw balls that overlap neither each other nor a wall.

        Raises:
            GenerationError: the size is below 1, or the balls do not fit into the box.
        """
        if size < 1:
            raise GenerationError(f"size must be a whole number of at least 1, got {size!r}")
        half_width = self.half_width * (1.0 if self.fixed_box else (size / HOME_SIZE) ** 0.5)
        radii = rng.uniform(*self.radius, size)
        positions = self._places(radii, half_width, rng)
        angles, speeds = rng.uniform(0, 2 * np.pi, size), rng.uniform(0, 2 * self.speed, size)
        velocities = speeds[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        law = Law(
            box="reflecting",
            half_width=half_width,
            restitution=self.restitution,
            scheme="collisions",
        )
        scene = points(positions, velocities, law, Clock(self.time_step, 1), tolerance=1e-9)
        masses = rng.uniform(*self.mass, size)
        return shuffled(scene._replace(radii=radii, masses=masses), rng)

    def _places(self, radii: np.ndarray, half_width: float, rng: np.random.Generator) -> np.ndarray:
        """Draw positions [n, 2] of balls that are put into the box one after another."""
        for _ in range(MAX_STARTS):
            positions = np.zeros((len(radii), 2))
            if all(_put(positions, radii, half_width, i, rng) for i in range(len(radii))):
                return positions
        raise GenerationError(f"{self!r}: {len(radii)} balls do not fit into the box")


def _put(
    positions: np.ndarray, radii: np.ndarray, half_width: float, i: int, rng: np.random.Generator
) -> bool:
    """Write a position for ball i among the balls before it; return False if none is found."""
    room = half_width - radii[i]
    if room < 0:
        return False
    for tries in (8, 64, MAX_TRIES):
        places = rng.uniform(-room, room, (tries, 2))
        apart = places[:, None] - positions[:i]
        is_free = ((apart**2).sum(axis=-1) > (radii[i] + radii[:i]) ** 2).all(axis=1)
        if is_free.any():
            positions[i] = places[is_free.argmax()]
            return True
    return False
