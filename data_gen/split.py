"""Splits: which of training, validation and test a structure may be in, if it can be drawn twice.

A test structure that is also a training one tests the memory. Where a law draws from few
structures, their keys decide: half of all keys are for training, a quarter for validation and a
quarter for test. So a structure knows its split by itself, whatever other data sets there are.
"""

from collections.abc import Callable
from typing import Protocol

SPLIT_OF_QUARTER = ("train", "train", "val", "test")


class Keyed(Protocol):
    """What can be drawn twice: it has a key."""

    @property
    def key(self) -> int:
        """A 64-bit hash, equal for isomorphic structures; others may share it by chance."""
        ...


Keep = Callable[[Keyed], bool]


def split_of(structure: Keyed) -> str:
    """The one split that the structure, and all that have its key, may be in."""
    return SPLIT_OF_QUARTER[structure.key % 4]


def keep_all(structure: Keyed) -> bool:
    """Every structure may be in every split: of laws that draw none twice."""
    del structure
    return True
