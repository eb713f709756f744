"""Square grids of jittered nodes: a large diameter and many paths with as few edges."""

import math
from dataclasses import dataclass

import numpy as np

from data_gen.distribution import Distribution
from data_gen.graphs.graph import Graph, locate


@dataclass(frozen=True)
class Grid(Distribution[Graph]):
    """Square grids: one node per cell, joined to those in the cells beside, above and below.

    A grid has ceil(√n) columns; its last row may be incomplete. A node is uniform within its cell,
    so no two lengths tie, and the grid is scaled into the unit square. Node labels are permuted, so
    row and column cannot be read from the index.
    """

    def draw(self, size: int, rng: np.random.Generator) -> Graph:
        """Draw a grid; it is connected as every cell but the first joins one left of or above it.

        Raises:
            ValueError: `size` is below 1.
        """
        if size < 1:
            raise ValueError(f"size must be a whole number of at least 1, got {size!r}")
        cells = np.arange(size)
        columns = math.isqrt(size - 1) + 1
        rights = cells[(cells % columns < columns - 1) & (cells < size - 1)]
        downs = cells[: max(0, size - columns)]
        edges = np.concatenate(
            [np.stack([rights, rights + 1], axis=1), np.stack([downs, downs + columns], axis=1)]
        )
        nodes = rng.permutation(size)  # the node of each cell
        positions = np.empty((size, 2))
        corners = np.stack([cells % columns, cells // columns], axis=1)
        positions[nodes] = (corners + rng.uniform(size=(size, 2))) / columns
        return locate(nodes[edges], positions, rng.exponential(size=size))
