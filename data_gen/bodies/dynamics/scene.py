"""A scene: bodies at a moment, the law that moves them, and what became of them.

n bodies, static ones among them, d coordinates, m bonds, T frames after the first.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

MOVING, PINNED, DISC, WALL = range(4)  # kinds of bodies; walls are of the box: scene_graph.py
KINDS = ("moving", "pinned", "disc", "wall")
BOXES = ("none", "reflecting", "periodic")
COUPLINGS = ("none", "masses", "charges")
BY_MASSES, BY_CHARGES = COUPLINGS.index("masses"), COUPLINGS.index("charges")
REFLECTING, PERIODIC = BOXES.index("reflecting"), BOXES.index("periodic")
# The columns of a law as numbers, see `Law.packed`:
COUPLING, STRENGTH, EXPONENT, SOFTENING, SCREENING, CLAMP = range(6)
FIELD, DRAG, BOX, HALF_WIDTH, CONTACT_STIFFNESS, CONTACT_DAMPING = range(6, 12)
SCHEMES = ("leapfrog", "euler", "collisions")
NOTHING = {  # of what acts between collisions
    "coupling": "none", "clamp": np.inf, "field": 0.0, "drag": 0.0, "contact_stiffness": 0.0,
    "contact_damping": 0.0,
}  # fmt: skip


@dataclass(frozen=True)
class Law:
    """What acts on the bodies, in units of the scene.

    Pairs: with s = sqrt(r² + softening²), the force of j on i is c_ij f(s) (x_i - x_j) / s, where
    c_ij is -strength m_i m_j (coupling "masses": they attract) or strength q_i q_j ("charges":
    alike repel), and f(s) = s^-exponent; with a screening κ > 0 it is the Yukawa force
    f(s) = exp(-κ s) (1 / s² + κ / s).

    Attributes:
        coupling: "none", "masses" or "charges".
        strength: of the pair force.
        exponent: of the pair force, 2 in Newton's and Coulomb's laws.
        softening: length [L] below which the force stops growing (Plummer).
        screening: κ [1/L]; 0: none.
        clamp: no component of the sum of forces on a body is larger; inf: no clamp.
        field: acceleration along the last axis, downwards [L/T²].
        drag: rate at which velocities decay [1/T].
        box: "none"; "reflecting": walls at ±half_width; "periodic": -half_width is half_width.
        half_width: of the box [L].
        contact_stiffness: force by which a disc pushes bodies out, by depth [M/T²].
        contact_damping: and by the speed at which they go in [M/T].
        restitution: relative speed after a collision, by that before; of "collisions" alone.
        scheme: "leapfrog" (kick, drift, kick); "euler" (kick, drift: symplectic, of first order);
            "collisions": free flight from one collision of discs to the next, exact.
    """

    coupling: str = "none"
    strength: float = 1.0
    exponent: float = 2.0
    softening: float = 0.0
    screening: float = 0.0
    clamp: float = np.inf
    field: float = 0.0
    drag: float = 0.0
    box: str = "none"
    half_width: float = np.inf
    contact_stiffness: float = 0.0
    contact_damping: float = 0.0
    restitution: float = 1.0
    scheme: str = "leapfrog"

    def __post_init__(self) -> None:
        for name, allowed in (("coupling", COUPLINGS), ("box", BOXES), ("scheme", SCHEMES)):
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} is {getattr(self, name)!r}: one of {allowed} is needed")
        for name in ("softening", "screening", "drag", "contact_stiffness", "contact_damping"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} is {getattr(self, name)!r}: 0 or more is needed")
        if self.scheme == "collisions":
            self._check_free_flight()

    def _check_free_flight(self) -> None:
        """Raise ValueError for what would be ignored between collisions."""
        if self.box == "periodic":
            raise ValueError("box is 'periodic': collisions need 'none' or 'reflecting'")
        for name, nothing in NOTHING.items():
            if getattr(self, name) != nothing:
                value = getattr(self, name)
                raise ValueError(f"{name} is {value!r}: collisions need {nothing!r}")

    def packed(self) -> np.ndarray:
        """All of it but the restitution as numbers [12], for compiled code."""
        return np.array(
            [
                COUPLINGS.index(self.coupling), self.strength, self.exponent, self.softening,
                self.screening, self.clamp, self.field, self.drag, BOXES.index(self.box),
                self.half_width, self.contact_stiffness, self.contact_damping,
            ]
        )  # fmt: skip


class Clock(NamedTuple):
    """When the scene is looked at.

    Attributes:
        time_step: between two frames [T].
        substeps: of the integrator, in the time between two frames.
        skip: frames that pass before the first that is kept.
    """

    time_step: float
    substeps: int
    skip: int = 0


class Bonds(NamedTuple):
    """Springs, each of which pulls one of its two ends; of a real spring both directions are there.

    The force on the receiver is -stiffness (r - rest_length) away from the sender.
    """

    senders: np.ndarray  # [m] int64
    receivers: np.ndarray  # [m] int64
    stiffness: np.ndarray  # [m] float64, [M/T²]
    rest_lengths: np.ndarray  # [m] float64, [L]

    @classmethod
    def none(cls) -> "Bonds":
        """No springs."""
        ends, values = np.zeros(0, dtype=np.int64), np.zeros(0)
        return cls(ends, ends, values, values)

    @classmethod
    def both_ways(
        cls, pairs: np.ndarray, stiffness: np.ndarray, rest_lengths: np.ndarray
    ) -> "Bonds":
        """The springs between pairs [p, 2]: 2 p bonds."""
        first, second = pairs.astype(np.int64).reshape(-1, 2).T
        return cls(
            np.concatenate([first, second]),
            np.concatenate([second, first]),
            np.tile(stiffness, 2).astype(float),
            np.tile(rest_lengths, 2).astype(float),
        )


class Scene(NamedTuple):
    """What distributions of scenes draw: a state, its bodies, what moves them and when we look."""

    positions: np.ndarray  # [n, d] float64
    velocities: np.ndarray  # [n, d] float64, 0 of static bodies
    masses: np.ndarray  # [n] float64
    charges: np.ndarray  # [n] float64
    radii: np.ndarray  # [n] float64; 0: points
    kinds: np.ndarray  # [n] int64, MOVING, PINNED or DISC
    bonds: Bonds
    law: Law
    clock: Clock
    tolerance: float  # of the energy's change, by the largest kinetic energy; inf: any will do

    @property
    def size(self) -> int:
        """The number of bodies, pinned ones included, discs not."""
        return int((self.kinds <= PINNED).sum())


class Motion(NamedTuple):
    """A scene and its frames; what should be conserved, in float64, at every frame."""

    scene: Scene
    positions: np.ndarray  # [T + 1, n, d]
    velocities: np.ndarray  # [T + 1, n, d]
    energy: np.ndarray  # [T + 1], kinetic and potential
    kinetic: np.ndarray  # [T + 1]
    first_energy: float  # at time 0, before the frames that are skipped

    @property
    def size(self) -> int:
        """That of the scene."""
        return self.scene.size

    @property
    def drift(self) -> float:
        """The largest change of the energy since time 0, by the largest kinetic energy.

        Of a scene that loses energy, as with drag, the largest increase.
        """
        energy = np.append(self.first_energy, self.energy)
        change = energy - np.minimum.accumulate(energy)
        if not self.is_damped:
            change = np.abs(energy - self.first_energy)
        largest = max(float(self.kinetic.max()), float(np.finfo(float).tiny))
        drift = float(change.max()) / largest
        return drift if np.isfinite(drift) else np.inf

    @property
    def is_damped(self) -> bool:
        """Whether energy is meant to be lost."""
        law = self.scene.law
        return law.drag > 0 or law.contact_damping > 0 or law.restitution < 1

    @property
    def is_clean(self) -> bool:
        """Whether the energy is kept, within the scene's tolerance or, if it has none, 1 %."""
        return self.drift <= (self.scene.tolerance if np.isfinite(self.scene.tolerance) else 0.01)


def points(
    positions: np.ndarray, velocities: np.ndarray, law: Law, clock: Clock, tolerance: float
) -> Scene:
    """A scene of moving points of mass 1 without charges or bonds."""
    n = len(positions)
    return Scene(
        positions, velocities, np.ones(n), np.zeros(n), np.zeros(n),
        np.full(n, MOVING), Bonds.none(), law, clock, tolerance,
    )  # fmt: skip
