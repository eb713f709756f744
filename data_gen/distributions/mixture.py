"""Mixtures: each structure is of one of several laws."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from data_gen.distribution import Distribution, T


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
    def identity(self) -> str:
        """Of the mixture and of all that it mixes."""
        return ", ".join([super().identity, *(law.identity for law in self.distributions)])

    def draw(self, size: int, rng: np.random.Generator) -> T:
        """The law first, then the structure."""
        return self._choose(rng).draw(size, rng)

    def draw_group(self, size: int, rng: np.random.Generator) -> list[T]:
        """A group of one law."""
        return self._choose(rng).draw_group(size, rng)

    def _choose(self, rng: np.random.Generator) -> Distribution[T]:
        return self.distributions[int(rng.integers(len(self.distributions)))]
