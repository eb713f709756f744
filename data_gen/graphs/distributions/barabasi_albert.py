"""Barabási–Albert graphs: preferential attachment, a few hubs."""

from dataclasses import dataclass

import numpy as np

from data_gen.distribution import Distribution
from data_gen.graphs.graph import Graph, place


@dataclass(frozen=True)
class BarabasiAlbert(Distribution[Graph]):
    """Each new node joins m others, node v with probability proportional to its degree.

    Starts from a star of m + 1 nodes, so a graph has m (n - m) edges; with n <= m it is the star
    of n nodes. Labels are permuted: age, and with it degree, cannot be read from the index.

    Source: Barabási and Albert 1999, "Emergence of scaling in random networks"; the start is
    that of `networkx.barabasi_albert_graph`, which is several times slower.
    """

    m: int = 2

    def __post_init__(self) -> None:
        if not (isinstance(self.m, int) and self.m >= 1):
            raise ValueError(f"m is {self.m}: a whole number of 1 or more is needed")

    def draw(self, size: int, rng: np.random.Generator) -> Graph:
        """Connected: every node joins older ones."""
        star = min(self.m, size - 1)
        ends = [end for leaf in range(1, star + 1) for end in (0, leaf)]  # a node per edge it is in
        for node in range(star + 1, size):
            targets: set[int] = set()
            while len(targets) < self.m:
                targets.add(ends[int(rng.random() * len(ends))])
            ends.extend(end for target in targets for end in (target, node))
        edges = np.array(ends, dtype=np.int64).reshape(-1, 2)
        return place(rng.permutation(size)[edges], size, rng)
