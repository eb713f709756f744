"""Strings of masses and springs that fall on a disc."""

from dataclasses import dataclass

import numpy as np

from data_gen.bodies.dynamics.scene import DISC, MOVING, PINNED, Bonds, Clock, Law, Scene
from data_gen.bodies.dynamics.shuffled import shuffled
from data_gen.distribution import Distribution, interval

MASS = 0.05  # kg
REST_LENGTH = 0.2  # m
STIFFNESS = 100.0  # N/m
LAW = Law(field=9.8, drag=0.1, contact_stiffness=5000.0, contact_damping=2.0)
CLOCK = Clock(time_step=2.5e-3, substeps=10)
TOLERANCE = 1e-3


@dataclass(frozen=True)
class String(Distribution[Scene]):
    """Strings of n masses joined by springs that fall on a static disc, in two dimensions.

    At the start the string is nearly horizontal above the disc: springs are longer than at rest by
    up to 5 %, and the line is tilted by up to 0.1 rad and bent at its ends by up to 0.2 rad, up or
    down. Its lowest mass is above the top of the disc by `gap` lengths of the string. The disc is
    below the string, at a uniform horizontal position. The velocity of a mass is the sum of a
    common one and its own, both normal with 0.1 m/s per axis. Pinned masses are at the ends. The
    order of the masses is random; the disc is the last body and does not count as one.

    Masses of 0.05 kg, springs of 0.2 m and 100 N/m, gravity of 9.8 m/s² and the random horizontal
    position of the disc are those of the string of Battaglia et al. 2016, "Interaction networks for
    learning about objects, relations and physics". Ours are the air drag, at a rate of 0.1/s, and
    the push of the disc: 5000 N/m per depth and 2 N s/m per speed. Energy is never gained.

    The fastest oscillation is 2 sqrt(k/m) = 89/s. A frame of 2.5 ms is a thirtieth of its period,
    in which a wave travels a ninth of a spring, so a mass is moved by its neighbours alone. 1000
    frames are 2.5 s, in which the string falls, hits the disc and, if pinned, swings.

    Attributes:
        num_pinned: 0, 1 or 2 pinned ends.
        disc_radius: the range of the radius of the disc [m].
        gap: the range of the least height above the disc, in lengths of the string at rest.

    Raises:
        ValueError: an argument is not allowed.
    """

    num_pinned: int = 0
    disc_radius: tuple[float, float] = (0.25, 0.35)
    gap: tuple[float, float] = (0.02, 0.1)

    def __post_init__(self) -> None:
        if self.num_pinned not in (0, 1, 2):
            raise ValueError(f"num_pinned must be 0, 1 or 2, got {self.num_pinned!r}")
        for name in ("disc_radius", "gap"):
            object.__setattr__(self, name, interval(name, getattr(self, name), 1e-6, np.inf))

    @property
    def min_size(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The smallest size with a moving mass and a spring."""
        return max(2, self.num_pinned + 1)

    def draw(self, size: int, rng: np.random.Generator) -> Scene:
        """Draw a string above a disc; no mass is inside the disc.

        Raises:
            GenerationError: the size is below the smallest.
        """
        self.check_size(size)
        radius = rng.uniform(*self.disc_radius)
        line = _line(size, rng)
        height = radius + rng.uniform(*self.gap) * REST_LENGTH * (size - 1)
        line[:, 1] += height - line[:, 1].min()
        line[:, 0] -= rng.uniform(line[:, 0].min(), line[:, 0].max())
        kinds = np.array([MOVING] * size + [DISC])
        kinds[[0, size - 1][: self.num_pinned]] = PINNED
        velocities = rng.normal(0, 0.1, 2) + rng.normal(0, 0.1, (size + 1, 2))
        velocities[kinds != MOVING] = 0
        pairs = np.stack([np.arange(size - 1), np.arange(1, size)], axis=1)
        scene = Scene(
            positions=np.concatenate([line, np.zeros((1, 2))]),
            velocities=velocities,
            masses=np.full(size + 1, MASS),
            charges=np.zeros(size + 1),
            radii=np.append(np.zeros(size), radius),
            kinds=kinds,
            bonds=_springs(pairs),
            law=LAW,
            clock=CLOCK,
            tolerance=TOLERANCE,
        )
        return shuffled(scene, rng)


def _line(size: int, rng: np.random.Generator) -> np.ndarray:
    """Draw positions [n, 2] of a bent line of springs; it begins on the left or on the right."""
    along = np.linspace(-1, 1, size - 1) if size > 2 else np.zeros(1)
    angles = rng.uniform(-0.1, 0.1) + rng.uniform(-0.2, 0.2) * along
    steps = rng.uniform(1, 1.05) * REST_LENGTH * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    line = np.concatenate([np.zeros((1, 2)), steps.cumsum(axis=0)])
    return line * [rng.choice([-1, 1]), 1]


def _springs(pairs: np.ndarray) -> Bonds:
    """Return springs of equal stiffness and rest length."""
    return Bonds.both_ways(pairs, np.full(len(pairs), STIFFNESS), np.full(len(pairs), REST_LENGTH))
