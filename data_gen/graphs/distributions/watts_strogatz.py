"""Watts–Strogatz graphs: a ring lattice with a few shortcuts, a small world."""

from dataclasses import dataclass

import numpy as np

from data_gen.distribution import MAX_TRIES, Distribution, GenerationError
from data_gen.graphs.connectivity import is_connected
from data_gen.graphs.graph import Graph, place


@dataclass(frozen=True)
class WattsStrogatz(Distribution[Graph]):
    """A ring whose nodes join their k nearest; each edge moves its far end with probability p.

    The new end is uniform over the nodes not yet joined, so there are n k / 2 edges; drawn again
    until connected. With n <= k, k is the largest even number below n (n = 2: one edge). Labels
    are permuted: the ring cannot be read from the index.

    Source: Watts and Strogatz 1998, "Collective dynamics of 'small-world' networks".
    """

    k: int = 4
    p: float = 0.1

    def __post_init__(self) -> None:
        if not (isinstance(self.k, int) and self.k >= 2 and self.k % 2 == 0):
            raise ValueError(f"k is {self.k}: an even whole number of 2 or more is needed")
        if not 0 <= self.p <= 1:
            raise ValueError(f"p is {self.p}: a probability in [0, 1] is needed")

    def draw(self, size: int, rng: np.random.Generator) -> Graph:
        """Connected, or a ValueError where k and p make that hopeless."""
        for _ in range(MAX_TRIES):
            edges = self._rewired_ring(size, rng)
            if is_connected(edges, size):
                return place(rng.permutation(size)[edges], size, rng)
        raise GenerationError(f"{self}: no connected graph of size {size} in {MAX_TRIES} tries")

    def _rewired_ring(self, size: int, rng: np.random.Generator) -> np.ndarray:
        hops = np.arange(1, min(self.k // 2, max(1, (size - 1) // 2)) + 1)
        senders = np.tile(np.arange(size), len(hops))
        edges = np.stack([senders, (senders + np.repeat(hops, size)) % size], axis=1)
        neighbors: list[set[int]] = [set() for _ in range(size)]
        for near, far in edges.tolist():
            neighbors[near].add(far)
            neighbors[far].add(near)
        for edge in np.flatnonzero(rng.uniform(size=len(edges)) < self.p).tolist():
            near, far = edges[edge].tolist()
            if len(neighbors[near]) >= size - 1:
                continue  # joined to all: no new end to choose
            new = near
            while new == near or new in neighbors[near]:
                new = int(rng.random() * size)
            neighbors[near].remove(far)
            neighbors[far].remove(near)
            neighbors[near].add(new)
            neighbors[new].add(near)
            edges[edge, 1] = new
        return edges
