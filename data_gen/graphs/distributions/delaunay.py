"""Delaunay triangulations: planar, like road networks."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import Delaunay as Triangulation

from data_gen.distribution import Distribution
from data_gen.graphs.graph import Graph, locate


@dataclass(frozen=True)
class Delaunay(Distribution[Graph]):
    """Graphs that join two nodes when some circle through both has no other node inside.

    Positions are uniform in the unit square. A graph has at most 3 n - 6 edges (n >= 3), a mean
    degree near 6.

    Source: Delaunay 1934, "Sur la sphère vide".
    """

    def draw(self, size: int, rng: np.random.Generator) -> Graph:
        """Draw a graph; it is connected as it contains the Euclidean minimum spanning tree."""
        positions = rng.uniform(size=(size, 2))
        if size < 3:  # there is no triangle: join all pairs
            edges = np.stack(np.triu_indices(size, k=1), axis=1)
        else:
            triangles = Triangulation(positions).simplices
            edges = triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
        return locate(edges, positions, rng.exponential(size=size))
