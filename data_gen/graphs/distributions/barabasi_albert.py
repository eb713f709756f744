"""Barabási–Albert graphs: preferential attachment produces a few hubs."""

from dataclasses import dataclass

import numpy as np

from data_gen.distribution import Distribution
from data_gen.graphs.graph import Graph, place


@dataclass(frozen=True)
class BarabasiAlbert(Distribution[Graph]):
    """Graphs in which each new node joins m older nodes, chosen in proportion to their degree.

    The first graph is a star of m + 1 nodes, so a graph has m (n - m) edges; with n <= m it is the
    star of n nodes. Node labels are permuted, so age, and with it degree, cannot be read from the
    index.

    Source: Barabási and Albert 1999, "Emergence of scaling in random networks"; the start is
    that of `networkx.barabasi_albert_graph`, which is several times slower.

    Raises:
        ValueError: `m` is not a whole number of at least 1.
    """

    m: int = 2

    def __post_init__(self) -> None:
        if not (isinstance(self.m, int) and self.m >= 1):
            raise ValueError(f"m must be a whole number of at least 1, got {self.m!r}")

    def draw(self, size: int, rng: np.random.Generator) -> Graph:
        """Draw a graph; it is connected because every new node joins older ones."""
        star = min(self.m, size - 1)
        ends = [end for leaf in range(1, star + 1) for end in (0, leaf)]  # node v deg(v) times
        for node in range(star + 1, size):
            targets: set[int] = set()
            while len(targets) < self.m:
                targets.add(ends[int(rng.random() * len(ends))])
            ends.extend(end for target in targets for end in (target, node))
        edges = np.array(ends, dtype=np.int64).reshape(-1, 2)
        return place(rng.permutation(size)[edges], size, rng)
