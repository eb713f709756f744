"""Random regular graphs: all nodes have the same number of neighbours."""

from dataclasses import dataclass

import numpy as np

from data_gen.distribution import MAX_TRIES, Distribution, GenerationError
from data_gen.graphs.connectivity import is_connected
from data_gen.graphs.graph import Graph, place


@dataclass(frozen=True)
class RandomRegular(Distribution[Graph]):
    """Graphs in which every node has `degree` neighbours, redrawn until connected.

    If n · degree is odd no such graph exists; then one node, drawn uniformly, has one neighbour
    less. With n <= degree the graph is complete.

    Ends of edges are paired at random. Pairs that would make a loop or a second edge are drawn
    again, which makes the law uniform as n grows.

    Source: Steger and Wormald 1999, "Generating random regular graphs quickly".

    Raises:
        ValueError: `degree` is not a whole number of at least 2.
    """

    degree: int = 3

    def __post_init__(self) -> None:
        if not (type(self.degree) is int and self.degree >= 2):
            raise ValueError(f"degree must be a whole number of at least 2, got {self.degree!r}")

    def draw(self, size: int, rng: np.random.Generator) -> Graph:
        """Draw a connected graph.

        Raises:
            GenerationError: no connected graph in `MAX_TRIES` tries.
        """
        for _ in range(MAX_TRIES):
            edges = self._paired_ends(size, rng)
            if edges is not None and is_connected(edges, size):
                return place(edges, size, rng)
        raise GenerationError(f"{self}: no connected graph of size {size} in {MAX_TRIES} tries")

    def _paired_ends(self, size: int, rng: np.random.Generator) -> np.ndarray | None:
        """Return edges [m, 2], or None if the ends that are left cannot be paired."""
        ends = np.repeat(np.arange(size), min(self.degree, size - 1))
        if len(ends) % 2:
            ends = np.delete(ends, rng.integers(len(ends)))
        edges: set[tuple[int, int]] = set()
        while len(ends):
            left = []
            pairs = np.sort(rng.permutation(ends).reshape(-1, 2), axis=1).tolist()
            for a, b in pairs:
                if a == b or (a, b) in edges:
                    left += [a, b]
                else:
                    edges.add((a, b))
            nodes = sorted(set(left))
            if left and all((a, b) in edges for a in nodes for b in nodes if a < b):
                return None
            ends = np.array(left, dtype=np.int64)
        return np.array(sorted(edges), dtype=np.int64).reshape(-1, 2)
