"""Distribution: the law that structures of a given size are drawn from."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, Protocol, TypeVar, get_args

import numpy as np

from data_gen.split import Keep, keep_all

T = TypeVar("T")
MAX_TRIES = 1000  # draws of a law until one is as it has to be; then the law is given up


class OfStructures(Protocol):
    """What draws or takes structures of one kind."""

    structure: ClassVar[type]


def set_structure(cls: type[OfStructures]) -> None:
    """Read the kind off a class that does not say it: `class Grid(Distribution[Graph])`."""
    for base in vars(cls).get("__orig_bases__", ()):
        for argument in get_args(base):
            if isinstance(argument, type) and "structure" not in vars(cls):
                cls.structure = argument


class GenerationError(ValueError):
    """A law that gives no structure of the size asked for."""


class Distribution(ABC, Generic[T]):
    """A law over structures. Subclasses are frozen dataclasses: their repr names the law.

    Some laws give structures that belong together, such as a formula with a model and one
    without that differ in a single literal: they come as a group from one generator.
    """

    structure: ClassVar[type]  # T, what is drawn: a task takes the one or the other
    min_size: ClassVar[int] = 2
    group_size: ClassVar[int] = 1  # how many structures are drawn together
    is_list: ClassVar[bool] = False  # of structures that are given, and not drawn: see `names`
    repeats_to: ClassVar[int] = 0  # the largest size of which structures come up twice: see `split`
    generator_version: ClassVar[int] = 1  # raised when the same arguments give other structures

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        set_structure(cls)

    @abstractmethod
    def draw(self, size: int, rng: np.random.Generator) -> T:
        """A structure of exactly `size`, a function of `size` and `rng` alone."""

    def draw_group(self, size: int, rng: np.random.Generator, keep: Keep = keep_all) -> list[T]:
        """The `group_size` structures that belong together, always in the same order.

        Args:
            size: of each of them.
            rng: draws them.
            keep: a group with one that is not kept is drawn again. A law whose members are drawn
                independently saves time by drawing one of them again, and may return none.
        """
        del keep
        return [self.draw(size, rng)]

    def check_size(self, size: int) -> None:
        """Raise GenerationError for a size below the smallest."""
        if size < self.min_size:
            raise GenerationError(f"{self!r}: size {size} is below the smallest, {self.min_size}")

    def names(self, size: int) -> list[str] | None:
        """Of a law over a list: the name of each structure of that size; None: there is no list.

        A test set of a list has each of its structures once, in this order.
        """
        del size
        return None

    def structure_at(self, size: int, index: int) -> T:
        """The structure that has that place among the names."""
        raise NotImplementedError

    @property
    def identity(self) -> str:
        """Names the structures: part of the hash of every data set."""
        return f"{self!r} v{self.generator_version}"


class Change(ABC, Generic[T]):
    """What is changed in the structures of a law, as the lengths of edges may be."""

    @abstractmethod
    def applied_to(self, distribution: Distribution[T]) -> Distribution[T]:
        """The law of the changed structures; raises GenerationError for structures of others."""


@dataclass(frozen=True)
class Mixture(Distribution[T]):
    """One of `distributions` is chosen uniformly for each structure, or group of them.

    All give the same kind of structure, in groups of the same size.
    """

    distributions: Sequence[Distribution[T]]

    def __post_init__(self) -> None:
        given = self.distributions
        laws = tuple(given) if isinstance(given, Sequence) and not isinstance(given, str) else ()
        if not laws or not all(isinstance(law, Distribution) for law in laws):
            raise ValueError(f"distributions is {given}: a list of one or more laws is needed")
        object.__setattr__(self, "distributions", laws)
        for name in ("structure", "group_size"):
            found = {getattr(law, name) for law in laws}
            if len(found) > 1:
                raise ValueError(f"distributions is {laws}: all have to have one {name}")

    @property
    def structure(self) -> type:  # pyright: ignore[reportIncompatibleVariableOverride]
        """That of all."""
        return self.distributions[0].structure

    @property
    def min_size(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Of which all give structures."""
        return max(law.min_size for law in self.distributions)

    @property
    def group_size(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        """That of all."""
        return self.distributions[0].group_size

    @property
    def repeats_to(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The largest of all."""
        return max(law.repeats_to for law in self.distributions)

    @property
    def identity(self) -> str:
        """Of the mixture and of all that it mixes."""
        return ", ".join([super().identity, *(law.identity for law in self.distributions)])

    def draw(self, size: int, rng: np.random.Generator) -> T:
        """The law first, then the structure."""
        return self._choose(rng).draw(size, rng)

    def draw_group(self, size: int, rng: np.random.Generator, keep: Keep = keep_all) -> list[T]:
        """A group of one law."""
        return self._choose(rng).draw_group(size, rng, keep)

    def _choose(self, rng: np.random.Generator) -> Distribution[T]:
        return self.distributions[int(rng.integers(len(self.distributions)))]


def interval(name: str, value: Sequence[float], low: float, high: float) -> tuple[float, float]:
    """An argument [from, to] within the bounds, as floats.

    Raises:
        ValueError: in one line that names it.
    """
    pair = tuple(map(float, value))
    if not (len(pair) == 2 and low <= pair[0] <= pair[1] <= high):
        raise ValueError(f"{name} is {list(value)}: two numbers {low} <= from <= to <= {high}")
    return pair


def whole_interval(name: str, value: Sequence[int], low: int) -> tuple[int, int]:
    """An argument [from, to] of whole numbers of at least `low`.

    Raises:
        ValueError: in one line that names it.
    """
    pair = tuple(value)
    if not (len(pair) == 2 and all(isinstance(v, int) for v in pair) and low <= pair[0] <= pair[1]):
        raise ValueError(f"{name} is {list(value)}: two whole numbers {low} <= from <= to")
    return pair
