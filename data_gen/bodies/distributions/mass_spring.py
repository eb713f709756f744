"""Masses joined by springs that hang or fall: chains, rings, grids, trees."""

from dataclasses import dataclass

import numpy as np

from data_gen.bodies.dynamics.scene import PINNED, Bonds, Clock, Law, Scene, points
from data_gen.bodies.dynamics.shuffled import shuffled
from data_gen.bodies.dynamics.topologies import TOPOLOGIES
from data_gen.distribution import Distribution, interval

COMPATS = ("", "graph_nets")
TOLERANCE = 0.01


@dataclass(frozen=True)
class MassSpring(Distribution[Scene]):
    """Unit masses in two dimensions, whose springs are at rest at first, as are the masses.

    Neighbours are `spacing` apart, one number for a scene, and each mass is moved from there by
    up to `position_noise` on each axis. Stiffnesses, one for both ends of a spring, and gravity
    are uniform in their ranges. The index tells nothing.

    Ranges, chain and step are those of the physics demo of Battaglia et al. 2018, "Relational
    inductive biases, deep learning, and graph networks" (github.com/deepmind/graph_nets). With
    `compat` "graph_nets" its flaws are there too: one symplectic Euler step a frame, a quarter
    of the fastest period 2 π / sqrt(4 k/m); a stiffness for each direction of a spring, so that
    action and reaction differ; and no spring pulls a pinned mass. No energy is kept, and none is
    asked for. Without it ten leapfrog steps make a frame.

    Attributes:
        topology: "chain"; "ring"; "grid", ceil(√n) columns; "tree", random recursive.
        num_pinned: 0, 1 or 2; of a chain its ends, otherwise the first masses, on top.
        spacing: range of the distance of neighbours [m].
        stiffness: range of the springs' [N/m]; masses are 1 kg.
        gravity: range of the acceleration downwards [m/s²].
        position_noise: half the width of the noise [m].
        speed: standard deviation of the velocities at the start, by axis [m/s]. If nothing is
            pinned and it is 0, all masses fall as one.
        time_step: between two frames [s].
        compat: "" or "graph_nets", which needs a chain pinned at both ends.
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
        for name, allowed in (
            ("topology", tuple(TOPOLOGIES)),
            ("num_pinned", (0, 1, 2)),
            ("compat", COMPATS),
        ):
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} is {getattr(self, name)!r}: one of {allowed} is needed")
        if self.compat and (self.topology, self.num_pinned) != ("chain", 2):
            raise ValueError(f"compat is {self.compat!r}: a chain with 2 pinned ends is needed")
        for name, least in (("spacing", 1e-6), ("stiffness", 0.0), ("gravity", 0.0)):
            object.__setattr__(self, name, interval(name, getattr(self, name), least, np.inf))
        half = 0.5 * self.spacing[0]  # with more, masses may lie on others
        for name, is_good, allowed in (
            ("position_noise", 0 <= self.position_noise < half, f"in [0, {half:g})"),
            ("speed", 0 <= self.speed < np.inf, "of 0 or more"),
            ("time_step", 0 < self.time_step < np.inf, "above 0"),
        ):
            if not is_good:
                raise ValueError(f"{name} is {getattr(self, name)}: a number {allowed} is needed")

    @property
    def min_size(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        """One mass that moves, a spring, and in a ring three."""
        return max(3 if self.topology == "ring" else 2, self.num_pinned + 1)

    def draw(self, size: int, rng: np.random.Generator) -> Scene:
        """Of exactly that many masses, pinned ones included.

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
        """Each as long as it is."""
        lengths = np.linalg.norm(positions[pairs[:, 0]] - positions[pairs[:, 1]], axis=1)
        springs = Bonds.both_ways(pairs, rng.uniform(*self.stiffness, len(pairs)), lengths)
        if not self.compat:
            return springs
        pulls = scene.kinds[springs.receivers] != PINNED
        stiffness = rng.uniform(*self.stiffness, len(pulls))
        return Bonds(*(values[pulls] for values in springs._replace(stiffness=stiffness)))
