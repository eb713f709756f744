"""Distribution: the law that structures of a given size are drawn from."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

import numpy as np

from data_gen.graph import Graph

T = TypeVar("T")
EdgeWeights = Callable[[Graph, np.random.Generator], np.ndarray]  # -> lengths [m], positive


class GenerationError(ValueError):
    """A law that gives no structure of the size asked for."""


class Distribution(ABC, Generic[T]):
    """A law over structures. Subclasses are frozen dataclasses: their repr names the law.

    Some laws give structures that belong together, such as a formula with a model and one
    without that differ in a single literal: they come as a group from one generator.
    """

    structure: ClassVar[type] = Graph  # what is drawn: a task takes the one or the other
    min_size: ClassVar[int] = 2
    group_size: ClassVar[int] = 1  # how many structures are drawn together
    is_list: ClassVar[bool] = False  # of structures that are given, and not drawn: see `names`
    generator_version: ClassVar[int] = 1  # raised when the same arguments give other structures

    @abstractmethod
    def draw(self, size: int, rng: np.random.Generator) -> T:
        """A structure of exactly `size`, a function of `size` and `rng` alone."""

    def draw_group(self, size: int, rng: np.random.Generator) -> list[T]:
        """The `group_size` structures that belong together, always in the same order."""
        return [self.draw(size, rng)]

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


@dataclass(frozen=True)
class Reweighted(Distribution[Graph]):
    """The graphs of another distribution, with edge lengths drawn from a law of their own."""

    distribution: Distribution[Graph]
    edge_weights: EdgeWeights

    @property
    def min_size(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        """That of the graphs."""
        return self.distribution.min_size

    @property
    def identity(self) -> str:
        """Of the graphs and of the lengths."""
        version = getattr(self.edge_weights, "generator_version", 1)
        return f"{self.distribution.identity}, {self.edge_weights!r} v{version}"

    def draw(self, size: int, rng: np.random.Generator) -> Graph:
        """The graph first, then its lengths."""
        graph = self.distribution.draw(size, rng)
        return graph._replace(lengths=self.edge_weights(graph, rng))
