"""Erdős–Rényi graphs at the threshold of connectivity."""

import math
from dataclasses import dataclass

import numpy as np

from data_gen.distribution import MAX_TRIES, Distribution, GenerationError
from data_gen.graphs.connectivity import is_connected
from data_gen.graphs.graph import Graph, place


@dataclass(frozen=True)
class ErdosRenyi(Distribution[Graph]):
    """G(n, p): each pair is joined independently with probability p = min(1, factor · ln n / n).

    Graphs are redrawn until connected. At factor 1 a large G(n, p) is connected with probability
    1/e; its mean degree is ln n.

    Source: Gilbert 1959, "Random graphs" (the law); Erdős and Rényi 1959, "On random graphs I"
    (the threshold).

    Raises:
        ValueError: `factor` is not above 0.
    """

    factor: float = 1.0

    def __post_init__(self) -> None:
        if not self.factor > 0:
            raise ValueError(f"factor must be above 0, got {self.factor!r}")

    def draw(self, size: int, rng: np.random.Generator) -> Graph:
        """Draw a connected graph.

        Raises:
            ValueError: `size` is below 1.
            GenerationError: no connected graph in `MAX_TRIES` tries, because `factor` is too small.
        """
        if size < 1:
            raise ValueError(f"size must be a whole number of at least 1, got {size!r}")
        p = min(1.0, self.factor * math.log(size) / size)
        num_pairs = size * (size - 1) // 2
        for _ in range(MAX_TRIES):
            chosen = rng.choice(num_pairs, rng.binomial(num_pairs, p), replace=False, shuffle=False)
            hop, senders = np.divmod(chosen, size)
            edges = np.stack([senders, (senders + hop + 1) % size], axis=1)  # every pair once
            if is_connected(edges, size):
                return place(edges, size, rng)
        raise GenerationError(f"{self}: no connected graph of size {size} in {MAX_TRIES} tries")
