"""Graphs whose edge lengths are drawn from a separate law."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from data_gen.distribution import Change, Distribution, GenerationError
from data_gen.graphs.graph import Graph


class EdgeWeights(Change[Graph]):
    """A law of edge lengths. Subclasses are frozen dataclasses: their repr names the law."""

    generator_version: ClassVar[int] = 1  # raised when the same arguments give other lengths

    @abstractmethod
    def __call__(self, graph: Graph, rng: np.random.Generator) -> np.ndarray:
        """Return positive lengths [m] of the edges of a graph."""

    def applied_to(self, distribution: Distribution[Graph]) -> Distribution[Graph]:
        """Return the distribution of the same graphs with lengths of this law.

        Raises:
            GenerationError: the distribution does not draw graphs.
        """
        if distribution.structure is not Graph:
            name = distribution.structure.__name__
            raise GenerationError(
                f"distribution must draw a Graph for {self!r}, got {distribution!r}, which draws"
                f" a {name}"
            )
        return Reweighted(distribution, self)


@dataclass(frozen=True)
class Reweighted(Distribution[Graph]):
    """The graphs of another distribution, with edge lengths drawn from a separate law."""

    distribution: Distribution[Graph]
    edge_weights: EdgeWeights

    @property
    def min_size(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The smallest size of the graphs."""
        return self.distribution.min_size

    @property
    def identity(self) -> str:
        """The identity of the graphs and of the law of their lengths."""
        law = self.edge_weights
        return f"{self.distribution.identity}, {law!r} v{law.generator_version}"

    def draw(self, size: int, rng: np.random.Generator) -> Graph:
        """Draw a graph, then its lengths."""
        graph = self.distribution.draw(size, rng)
        return graph._replace(lengths=self.edge_weights(graph, rng))
