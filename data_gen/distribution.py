"""Distribution: the law that structures of a given size are drawn from."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

import numpy as np

from data_gen.graph import Graph

T = TypeVar("T")
EdgeWeights = Callable[[Graph, np.random.Generator], np.ndarray]  # -> lengths [m], positive


class Distribution(ABC, Generic[T]):
    """A law over structures. Subclasses are frozen dataclasses: their repr names the law."""

    min_size: ClassVar[int] = 2

    @abstractmethod
    def draw(self, size: int, rng: np.random.Generator) -> T:
        """A structure of exactly `size`, a function of `size` and `rng` alone."""


@dataclass(frozen=True)
class Reweighted(Distribution[Graph]):
    """The graphs of another distribution, with edge lengths drawn from a law of their own."""

    distribution: Distribution[Graph]
    edge_weights: EdgeWeights

    def draw(self, size: int, rng: np.random.Generator) -> Graph:
        """The graph first, then its lengths: the same topology whatever the law."""
        graph = self.distribution.draw(size, rng)
        return graph._replace(lengths=self.edge_weights(graph, rng))
