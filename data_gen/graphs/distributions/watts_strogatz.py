"""Watts–Strogatz graphs: small worlds, made of a ring lattice with a few shortcuts."""

from dataclasses import dataclass

import numpy as np

from data_gen.distribution import MAX_TRIES, Distribution, GenerationError
from data_gen.graphs.connectivity import is_connected
from data_gen.graphs.graph import Graph, place


@dataclass(frozen=True)
class WattsStrogatz(Distribution[Graph]):
    """Rings whose nodes join their k nearest; each edge moves its far end with probability p.

    The new end is uniform over the nodes not yet joined, so there are n k / 2 edges. Graphs are
    redrawn until connected. With n <= k, k is the largest even number below n (n = 2: one edge).
    Node labels are permuted, so the ring cannot be read from the index.

    Source: Watts and Strogatz 1998, "Collective dynamics of 'small-world' networks".

    Raises:
        ValueError: `k` is not an even whole number of at least 2, or `p` not in [0, 1].
    """

    k: int = 4
    p: float = 0.1

    def __post_init__(self) -> None:
        if not (isinstance(self.k, int) and self.k >= 2 and self.k % 2 == 0):
            raise ValueError(f"k must be an even whole number of at least 2, got {self.k!r}")
        if not 0 <= self.p <= 1:
            raise ValueError(f"p must be a probability in [0, 1], got {self.p!r}")

    def draw(self, size: int, rng: np.random.Generator) -> Graph:
        """Draw a connected graph.

        Raises:
            GenerationError: no connected graph in `MAX_TRIES` tries.
        """
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
                continue  # `near` is joined to all nodes, so there is no new end to choose
            new = near
            while new == near or new in neighbors[near]:
                new = int(rng.random() * size)
            neighbors[near].remove(far)
            neighbors[far].remove(near)
            neighbors[near].add(new)
            neighbors[new].add(near)
            edges[edge, 1] = new
        return edges
