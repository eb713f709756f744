"""Distribution: the law from which structures of a given size are drawn."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import ClassVar, Generic, Protocol, TypeVar, get_args

import numpy as np

from data_gen.split import Keep, keep_all

T = TypeVar("T")
MAX_TRIES = 1000  # draws without an acceptable structure before a GenerationError is raised


class OfStructures(Protocol):
    """A class that draws or takes structures of one kind."""

    structure: ClassVar[type]


def set_structure(cls: type[OfStructures]) -> None:
    """Set `cls.structure` to the type argument of its base, as in `Grid(Distribution[Graph])`."""
    for base in vars(cls).get("__orig_bases__", ()):
        for argument in get_args(base):
            if isinstance(argument, type) and "structure" not in vars(cls):
                cls.structure = argument


class GenerationError(ValueError):
    """The distribution cannot draw a structure of the requested size."""


class Distribution(ABC, Generic[T]):
    """A law over structures. Subclasses are frozen dataclasses: their repr names the law.

    Some distributions draw structures that belong together, such as a satisfiable and an
    unsatisfiable formula that differ in a single literal. These come as a group from one generator.
    """

    structure: ClassVar[type]  # T, the kind that is drawn; a task takes one kind
    min_size: ClassVar[int] = 2
    group_size: ClassVar[int] = 1  # the number of structures that are drawn together
    is_list: ClassVar[bool] = False  # True if structures are given and not drawn: see `names`
    repeats_to: ClassVar[int] = 0  # the largest size at which structures repeat: see `split`
    generator_version: ClassVar[int] = 1  # raised when the same arguments give other structures

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        set_structure(cls)

    @abstractmethod
    def draw(self, size: int, rng: np.random.Generator) -> T:
        """Draw a structure of exactly `size`, a function of `size` and `rng` alone."""

    def draw_group(self, size: int, rng: np.random.Generator, keep: Keep = keep_all) -> list[T]:
        """Draw the `group_size` structures that belong together, always in the same order.

        Args:
            size: the size of each structure.
            rng: the source of randomness.
            keep: the caller rejects a group with a structure that this predicate rejects. A
                distribution whose members are drawn independently saves time by drawing only
                that member again, and may return an empty list.
        """
        del keep
        return [self.draw(size, rng)]

    def check_size(self, size: int) -> None:
        """Raise GenerationError for a size below `min_size`."""
        if size < self.min_size:
            raise GenerationError(f"{self!r}: size must be at least {self.min_size}, got {size}")

    def names(self, size: int) -> list[str] | None:
        """Return the names of a list's structures of a size; None if structures are drawn.

        A test set of a list holds each of its structures once, in this order.
        """
        del size
        return None

    def structure_at(self, size: int, index: int) -> T:
        """Return the structure at an index of `names(size)`."""
        raise NotImplementedError

    @property
    def identity(self) -> str:
        """The text that names the structures; part of the hash of every data set."""
        return f"{self!r} v{self.generator_version}"


class Change(ABC, Generic[T]):
    """A change to the structures of a distribution, for example of their edge lengths."""

    @abstractmethod
    def applied_to(self, distribution: Distribution[T]) -> Distribution[T]:
        """Return the law of the changed structures.

        Raises:
            GenerationError: the distribution draws another kind of structure.
        """


@dataclass(frozen=True)
class Mixture(Distribution[T]):
    """A mixture: one of `distributions` is chosen uniformly for each structure or group.

    All distributions draw the same kind of structure, in groups of the same size.

    Raises:
        ValueError: `distributions` is not a list of one or more such distributions.
    """

    distributions: Sequence[Distribution[T]]

    def __post_init__(self) -> None:
        given = self.distributions
        laws = tuple(given) if isinstance(given, Sequence) and not isinstance(given, str) else ()
        if not laws or not all(isinstance(law, Distribution) for law in laws):
            raise ValueError(f"distributions must be a list of one or more laws, got {given!r}")
        object.__setattr__(self, "distributions", laws)
        for name in ("structure", "group_size"):
            found = {getattr(law, name) for law in laws}
            if len(found) > 1:
                raise ValueError(f"distributions must all have the same {name}, got {laws}")

    @property
    def structure(self) -> type:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The kind of structure that all distributions draw."""
        return self.distributions[0].structure

    @property
    def min_size(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The smallest size at which all distributions draw structures."""
        return max(law.min_size for law in self.distributions)

    @property
    def group_size(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The group size that all distributions share."""
        return self.distributions[0].group_size

    @property
    def repeats_to(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The largest `repeats_to` of the distributions."""
        return max(law.repeats_to for law in self.distributions)

    @property
    def identity(self) -> str:
        """The identity of the mixture and of all its distributions."""
        return ", ".join([super().identity, *(law.identity for law in self.distributions)])

    def draw(self, size: int, rng: np.random.Generator) -> T:
        """Choose a distribution, then draw a structure from it."""
        return self._choose(rng).draw(size, rng)

    def draw_group(self, size: int, rng: np.random.Generator, keep: Keep = keep_all) -> list[T]:
        """Choose a distribution, then draw a group from it."""
        return self._choose(rng).draw_group(size, rng, keep)

    def _choose(self, rng: np.random.Generator) -> Distribution[T]:
        return self.distributions[int(rng.integers(len(self.distributions)))]


def check_one_of(name: str, value: object, allowed: Iterable[str]) -> None:
    """Raise ValueError for a value that is not one of the allowed names; suggest the nearest."""
    names = list(allowed)
    if value not in names:
        near = get_close_matches(str(value), names, n=1)
        hint = f", did you mean {near[0]}" if near else ""
        listed = ", ".join(known or "''" for known in names)
        raise ValueError(f"{name} must be one of {listed}, got {value!r}{hint}")


def interval(name: str, value: Sequence[float], low: float, high: float) -> tuple[float, float]:
    """Return an argument [from, to] as floats, checked against the bounds `low` and `high`.

    Raises:
        ValueError: the argument is not such an interval; the message begins with `name`.
    """
    pair = tuple(map(float, value))
    if not (len(pair) == 2 and low <= pair[0] <= pair[1] <= high):
        allowed = f"two numbers [from, to] with {low} <= from <= to <= {high}"
        raise ValueError(f"{name} must be {allowed}, got {list(value)}")
    return pair


def whole_interval(name: str, value: Sequence[int], low: int) -> tuple[int, int]:
    """Return an argument [from, to] of whole numbers, checked to be at least `low`.

    Raises:
        ValueError: the argument is not such an interval; the message begins with `name`.
    """
    pair = tuple(value)
    if not (len(pair) == 2 and all(isinstance(v, int) for v in pair) and low <= pair[0] <= pair[1]):
        allowed = f"two whole numbers [from, to] with {low} <= from <= to"
        raise ValueError(f"{name} must be {allowed}, got {list(value)}")
    return pair
