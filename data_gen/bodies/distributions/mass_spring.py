"""Masses joined by springs that hang or fall, as chains, rings, grids or trees."""

from dataclasses import dataclass

import numpy as np

from data_gen.bodies.dynamics.scene import PINNED, Bonds, Clock, Law, Scene, points
from data_gen.bodies.dynamics.shuffled import shuffled
from data_gen.bodies.dynamics.topologies import TOPOLOGIES
from data_gen.distribution import Distribution, check_one_of, interval

COMPATS = ("", "graph_nets")
TOLERANCE = 0.01


@dataclass(frozen=True)
class MassSpring(Distribution[Scene]):
    """Unit masses in two dimensions; at the start, springs and masses are at rest.

    Neighbours are `spacing` apart, one number for a scene, and each mass is displaced by up to
    `position_noise` on each axis. Stiffnesses, the same in both directions of a spring, and gravity
    are uniform in their ranges. The order of the masses is random.

    Ranges, chain and time step are those of the physics demo of Battaglia et al. 2018, "Relational
    inductive biases, deep learning, and graph networks" (github.com/deepmind/graph_nets). With
    `compat` "graph_nets" the demo's flaws are reproduced: one symplectic Euler step a frame, which
    is a quarter of the fastest period 2 π / sqrt(4 k/m); a separate stiffness for each direction of
    a spring, so that action and reaction differ; and no spring pulls a pinned mass. Then the energy
    is not conserved and not checked. Otherwise a frame has ten leapfrog steps.

    Attributes:
        topology: "chain"; "ring"; "grid", ceil(√n) columns; "tree", random recursive.
        num_pinned: 0, 1 or 2 masses: the ends of a chain, otherwise the first masses, on top.
        spacing: the range of the distance of neighbours [m].
        stiffness: the range of the stiffness of springs [N/m]; masses are 1 kg.
        gravity: the range of the downward acceleration [m/s²].
        position_noise: half the width of the noise [m].
        speed: the standard deviation of the first velocities, per axis [m/s]. If it is 0 and
            nothing is pinned, all masses fall alike.
        time_step: the time between two frames [s].
        compat: "" or "graph_nets", which needs a chain pinned at both ends.

    Raises:
        ValueError: an argument is not allowed.
    """

    topology: str = "chain"
    num_pinned: int = 2
    spacing: tuple[float, float] = (0.2, 1.0)
    stiffness: tuple[float, float] = (45.0, 55.0)
    gravity: tuple[float, float] = (9.0, 11.0)
    position_noise: float = 0.04
    speed: float = 0.0
    time_step: float = 0.1
    compat: str = ""

    def __post_init__(self) -> None:
        check_one_of("topology", self.topology, TOPOLOGIES)
        if self.num_pinned not in (0, 1, 2):
            raise ValueError(f"num_pinned must be 0, 1 or 2, got {self.num_pinned!r}")
        check_one_of("compat", self.compat, COMPATS)
        if self.compat and (self.topology, self.num_pinned) != ("chain", 2):
            allowed = "'' unless the topology is a chain with 2 pinned ends"
            raise ValueError(f"compat must be {allowed}, got {self.compat!r}")
        for name, least in (("spacing", 1e-6), ("stiffness", 0.0), ("gravity", 0.0)):
            object.__setattr__(self, name, interval(name, getattr(self, name), least, np.inf))
        half = 0.5 * self.spacing[0]  # with more noise, two masses may coincide
        for name, is_good, allowed in (
            ("position_noise", 0 <= self.position_noise < half, f"a number in [0, {half:g})"),
            ("speed", 0 <= self.speed < np.inf, "a finite number of at least 0"),
            ("time_step", 0 < self.time_step < np.inf, "a finite number above 0"),
        ):
            if not is_good:
                raise ValueError(f"{name} must be {allowed}, got {getattr(self, name)!r}")

    @property
    def min_size(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The smallest size with a moving mass and a spring, or with three masses in a ring."""
        return max(3 if self.topology == "ring" else 2, self.num_pinned + 1)

    def draw(self, size: int, rng: np.random.Generator) -> Scene:
        """Draw a scene of `size` masses, including pinned ones.

        Raises:
            GenerationError: the size is below the smallest.
        """
        self.check_size(size)
        layout, pairs = TOPOLOGIES[self.topology](size, rng)
        noise = rng.uniform(-self.position_noise, self.position_noise, (size, 2))
        positions = rng.uniform(*self.spacing) * layout + noise
        law = Law(field=rng.uniform(*self.gravity), scheme="euler" if self.compat else "leapfrog")
        clock = Clock(self.time_step, 1 if self.compat else 10)
        tolerance = np.inf if self.compat else TOLERANCE
        velocities = self.speed * rng.normal(size=(size, 2))
        scene = points(positions, velocities, law, clock, tolerance)
        ends = [0, size - 1] if self.topology == "chain" else [0, 1]
        scene.kinds[ends[: self.num_pinned]] = PINNED
        scene.velocities[ends[: self.num_pinned]] = 0
        return shuffled(scene._replace(bonds=self._springs(positions, pairs, scene, rng)), rng)

    def _springs(
        self, positions: np.ndarray, pairs: np.ndarray, scene: Scene, rng: np.random.Generator
    ) -> Bonds:
        """Return springs whose rest lengths are the distances of their ends."""
        lengths = np.linalg.norm(positions[pairs[:, 0]] - positions[pairs[:, 1]], axis=1)
        springs = Bonds.both_ways(pairs, rng.uniform(*self.stiffness, len(pairs)), lengths)
        if not self.compat:
            return springs
        pulls = scene.kinds[springs.receivers] != PINNED
        stiffness = rng.uniform(*self.stiffness, len(pulls))
        return Bonds(*(values[pulls] for values in springs._replace(stiffness=stiffness)))
