"""Erdős–Rényi graphs at the threshold of connectivity."""

import math
from dataclasses import dataclass

import numpy as np

from data_gen.distribution import MAX_TRIES, Distribution, GenerationError
from data_gen.graphs.connectivity import is_connected
from data_gen.graphs.graph import Graph, place


@dataclass(frozen=True)
class ErdosRenyi(Distribution[Graph]):
    """G(n, p): each pair is joined with probability p = min(1, factor · ln n / n), independently.

    Conditioned on being connected, by drawing again. At factor 1 a large G(n, p) is connected
    with probability 1/e; its mean degree is ln n.

    Source: Gilbert 1959, "Random graphs" (the law); Erdős and Rényi 1959, "On random graphs I"
    (the threshold).
    """

    factor: float = 1.0

    def __post_init__(self) -> None:
        if not self.factor > 0:
            raise ValueError(f"factor is {self.factor}: a number above 0 is needed")

    def draw(self, size: int, rng: np.random.Generator) -> Graph:
        """Connected, or a ValueError where the factor makes that hopeless."""
        if size < 1:
            raise ValueError(f"size is {size}: a whole number of 1 or more is needed")
        p = min(1.0, self.factor * math.log(size) / size)
        num_pairs = size * (size - 1) // 2
        for _ in range(MAX_TRIES):
            chosen = rng.choice(num_pairs, rng.binomial(num_pairs, p), replace=False, shuffle=False)
            hop, senders = np.divmod(chosen, size)
            edges = np.stack([senders, (senders + hop + 1) % size], axis=1)  # each pair one code
            if is_connected(edges, size):
                return place(edges, size, rng)
        raise GenerationError(f"{self}: no connected graph of size {size} in {MAX_TRIES} tries")
