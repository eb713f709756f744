"""Scene: bodies at a moment and the law that moves them. Motion: a scene and its frames.

A scene has n bodies, static ones included, in d dimensions, and m bonds; a motion has T frames
after the first.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from data_gen.distribution import check_one_of

MOVING, PINNED, DISC, WALL = range(4)  # kinds of bodies; walls are nodes only: scene_graph.py
KINDS = ("moving", "pinned", "disc", "wall")
BOXES = ("none", "reflecting", "periodic")
COUPLINGS = ("none", "masses", "charges")
BY_MASSES, BY_CHARGES = COUPLINGS.index("masses"), COUPLINGS.index("charges")
REFLECTING, PERIODIC = BOXES.index("reflecting"), BOXES.index("periodic")
# The columns of a law as numbers, see `Law.packed`:
COUPLING, STRENGTH, EXPONENT, SOFTENING, SCREENING, CLAMP = range(6)
FIELD, DRAG, BOX, HALF_WIDTH, CONTACT_STIFFNESS, CONTACT_DAMPING = range(6, 12)
SCHEMES = ("leapfrog", "euler", "collisions")
NOTHING = {  # the required values of what would act between collisions
    "coupling": "none", "clamp": np.inf, "field": 0.0, "drag": 0.0, "contact_stiffness": 0.0,
    "contact_damping": 0.0,
}  # fmt: skip


@dataclass(frozen=True)
class Law:
    """The law that acts on the bodies of a scene, in units of the scene.

    Pair force: with s = sqrt(r² + softening²), the force of j on i is c_ij f(s) (x_i - x_j) / s.
    Here c_ij is -strength m_i m_j (coupling "masses": bodies attract) or strength q_i q_j
    ("charges": equal charges repel), and f(s) = s^-exponent; with a screening κ > 0 it is the
    Yukawa force f(s) = exp(-κ s) (1 / s² + κ / s).

    Attributes:
        coupling: "none", "masses" or "charges".
        strength: the strength of the pair force.
        exponent: the exponent of the pair force, 2 in Newton's and Coulomb's laws.
        softening: the length [L] below which the pair force stops growing (Plummer).
        screening: κ [1/L]; 0: no screening.
        clamp: the largest allowed component of the sum of forces on a body; inf: no clamp.
        field: the downward acceleration along the last axis [L/T²].
        drag: the rate at which velocities decay [1/T].
        box: "none"; "reflecting": walls at ±half_width; "periodic": -half_width is half_width.
        half_width: half the width of the box [L].
        contact_stiffness: the force of a disc on bodies inside it, per depth [M/T²].
        contact_damping: the force of a disc on bodies inside it, per inward speed [M/T].
        restitution: the relative speed after a collision, divided by that before; only used by the
            scheme "collisions".
        scheme: "leapfrog" (kick, drift, kick); "euler" (kick, drift: symplectic, of first order);
            "collisions": exact free flight from one collision of discs to the next.

    Raises:
        ValueError: a value is not allowed, or would be ignored by the scheme "collisions".
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
            check_one_of(name, getattr(self, name), allowed)
        for name in ("softening", "screening", "drag", "contact_stiffness", "contact_damping"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} must be at least 0, got {getattr(self, name)!r}")
        if self.scheme == "collisions":
            self._check_free_flight()

    def _check_free_flight(self) -> None:
        """Raise ValueError for a force or a box that collisions would ignore."""
        if self.box == "periodic":
            raise ValueError("box must be none or reflecting with collisions, got 'periodic'")
        for name, nothing in NOTHING.items():
            if getattr(self, name) != nothing:
                value = getattr(self, name)
                raise ValueError(f"{name} must be {nothing!r} with collisions, got {value!r}")

    def packed(self) -> np.ndarray:
        """Return the law without the restitution as numbers [12], for compiled code."""
        return np.array(
            [
                COUPLINGS.index(self.coupling), self.strength, self.exponent, self.softening,
                self.screening, self.clamp, self.field, self.drag, BOXES.index(self.box),
                self.half_width, self.contact_stiffness, self.contact_damping,
            ]
        )  # fmt: skip


class Clock(NamedTuple):
    """The times of the frames of a scene.

    Attributes:
        time_step: the time between two frames [T].
        substeps: the number of integrator steps between two frames.
        skip: the number of frames that are dropped before the first that is kept.
    """

    time_step: float
    substeps: int
    skip: int = 0


class Bonds(NamedTuple):
    """Directed springs, each of which pulls its receiver; a real spring has both directions.

    The force on the receiver is -stiffness (r - rest_length) away from the sender.
    """

    senders: np.ndarray  # [m] int64
    receivers: np.ndarray  # [m] int64
    stiffness: np.ndarray  # [m] float64, [M/T²]
    rest_lengths: np.ndarray  # [m] float64, [L]

    @classmethod
    def none(cls) -> "Bonds":
        """Return bonds without springs."""
        ends, values = np.zeros(0, dtype=np.int64), np.zeros(0)
        return cls(ends, ends, values, values)

    @classmethod
    def both_ways(
        cls, pairs: np.ndarray, stiffness: np.ndarray, rest_lengths: np.ndarray
    ) -> "Bonds":
        """Return the 2 p bonds of springs between pairs [p, 2]."""
        first, second = pairs.astype(np.int64).reshape(-1, 2).T
        return cls(
            np.concatenate([first, second]),
            np.concatenate([second, first]),
            np.tile(stiffness, 2).astype(float),
            np.tile(rest_lengths, 2).astype(float),
        )


class Scene(NamedTuple):
    """The structure that distributions of scenes draw: a state, its bodies, law and clock."""

    positions: np.ndarray  # [n, d] float64
    velocities: np.ndarray  # [n, d] float64, 0 of static bodies
    masses: np.ndarray  # [n] float64
    charges: np.ndarray  # [n] float64
    radii: np.ndarray  # [n] float64; 0: points
    kinds: np.ndarray  # [n] int64, MOVING, PINNED or DISC
    bonds: Bonds
    law: Law
    clock: Clock
    tolerance: float  # the largest energy drift, relative to the largest kinetic energy; inf: any

    @property
    def size(self) -> int:
        """The number of bodies, including pinned ones but not discs."""
        return int((self.kinds <= PINNED).sum())


class Motion(NamedTuple):
    """A scene, its frames, and the energy at every frame, in float64."""

    scene: Scene
    positions: np.ndarray  # [T + 1, n, d]
    velocities: np.ndarray  # [T + 1, n, d]
    energy: np.ndarray  # [T + 1], kinetic and potential
    kinetic: np.ndarray  # [T + 1]
    first_energy: float  # at time 0, before the skipped frames

    @property
    def size(self) -> int:
        """The size of the scene."""
        return self.scene.size

    @property
    def drift(self) -> float:
        """The largest change of the energy since time 0, relative to the largest kinetic energy.

        For a scene that loses energy, as with drag, it is the largest increase.
        """
        energy = np.append(self.first_energy, self.energy)
        with np.errstate(invalid="ignore"):  # bodies in one place: the drift is infinite
            change = energy - np.minimum.accumulate(energy)
            if not self.is_damped:
                change = np.abs(energy - self.first_energy)
        largest = max(float(self.kinetic.max()), float(np.finfo(float).tiny))
        drift = float(change.max()) / largest
        return drift if np.isfinite(drift) else np.inf

    @property
    def is_damped(self) -> bool:
        """True if the law loses energy."""
        law = self.scene.law
        return law.drag > 0 or law.contact_damping > 0 or law.restitution < 1

    @property
    def is_clean(self) -> bool:
        """True if the energy drift is within the scene's tolerance or, if that is inf, 1 %."""
        return self.drift <= (self.scene.tolerance if np.isfinite(self.scene.tolerance) else 0.01)


def points(
    positions: np.ndarray, velocities: np.ndarray, law: Law, clock: Clock, tolerance: float
) -> Scene:
    """Return a scene of moving points of mass 1 without charges or bonds."""
    n = len(positions)
    return Scene(
        positions, velocities, np.ones(n), np.zeros(n), np.zeros(n),
        np.full(n, MOVING), Bonds.none(), law, clock, tolerance,
    )  # fmt: skip
