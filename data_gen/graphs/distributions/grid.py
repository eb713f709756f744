"""Square grids of jittered nodes: large diameter, many paths of equally many edges."""

import math
from dataclasses import dataclass

import numpy as np

from data_gen.distribution import Distribution
from data_gen.graphs.graph import Graph, locate


@dataclass(frozen=True)
class Grid(Distribution[Graph]):
    """Cells of a square grid, each joined to the ones beside, above and below it.

    ceil(√n) columns, the last row as long as the nodes last. A node is uniform within its cell,
    so no two lengths tie; the grid is scaled into the unit square. Labels are permuted: row and
    column cannot be read from the index.
    """

    def draw(self, size: int, rng: np.random.Generator) -> Graph:
        """Connected: every cell has the one to its left or above it."""
        if size < 1:
            raise ValueError(f"size is {size}: a whole number of 1 or more is needed")
        cells = np.arange(size)
        columns = math.isqrt(size - 1) + 1
        rights = cells[(cells % columns < columns - 1) & (cells < size - 1)]
        downs = cells[: max(0, size - columns)]
        edges = np.concatenate(
            [np.stack([rights, rights + 1], axis=1), np.stack([downs, downs + columns], axis=1)]
        )
        nodes = rng.permutation(size)  # the node in each cell
        positions = np.empty((size, 2))
        corners = np.stack([cells % columns, cells // columns], axis=1)
        positions[nodes] = (corners + rng.uniform(size=(size, 2))) / columns
        return locate(nodes[edges], positions, rng.exponential(size=size))
