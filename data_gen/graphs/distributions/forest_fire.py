"""Forest fire graphs: each new node links to a node, its neighbours, and theirs."""

from collections import deque
from dataclasses import dataclass

import numpy as np

from data_gen.distribution import Distribution
from data_gen.graphs.graph import Graph, place


@dataclass(frozen=True)
class ForestFire(Distribution[Graph]):
    """Graphs in which a new node sets an older node on fire and joins all nodes that burn.

    A burning node sets fire to x of its neighbours that do not burn yet (to all if there are
    fewer), where x is geometric on 0, 1, 2, ... with mean p / (1 - p) and p is the burning
    probability. With p = 0 the graph is a random recursive tree. Node labels are permuted.

    Source: Leskovec, Kleinberg and Faloutsos 2005, "Graphs over time", section 4.2. Their links
    have a direction and burn less against it; here links are undirected and burn both ways alike.

    Raises:
        ValueError: `p` is not in [0, 1).
    """

    p: float = 0.35

    def __post_init__(self) -> None:
        if not 0 <= self.p < 1:
            raise ValueError(f"p must be a probability in [0, 1), got {self.p!r}")

    def draw(self, size: int, rng: np.random.Generator) -> Graph:
        """Draw a graph; it is connected because every new node joins an older one."""
        neighbors: list[list[int]] = [[]]
        edges = []
        for node in range(1, size):
            burnt = self._burn(neighbors, int(rng.integers(node)), rng)
            edges += [(old, node) for old in burnt]
            for old in burnt:
                neighbors[old].append(node)
            neighbors.append(burnt)
        ends = np.array(edges, dtype=np.int64).reshape(-1, 2)
        return place(rng.permutation(size)[ends], size, rng)

    def _burn(self, neighbors: list[list[int]], start: int, rng: np.random.Generator) -> list[int]:
        """Return the nodes that burn, in the order in which they catch fire."""
        burnt, front = [start], deque([start])
        while front:
            fresh = [node for node in neighbors[front.popleft()] if node not in burnt]
            num = min(int(rng.geometric(1 - self.p)) - 1, len(fresh))
            caught = [fresh[i] for i in rng.permutation(len(fresh))[:num].tolist()] if num else []
            burnt += caught
            front += caught
        return burnt
