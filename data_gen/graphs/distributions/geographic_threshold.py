"""Geographic threshold graphs united with their minimum spanning tree (graph_nets demo)."""

from dataclasses import dataclass

import numpy as np
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import pdist

from data_gen.distribution import Distribution
from data_gen.graphs.graph import Graph


@dataclass(frozen=True)
class GeographicThreshold(Distribution[Graph]):
    """Graphs that join nodes i, j when (w_i + w_j) / distance² >= θ, and the minimum spanning tree.

    Positions are uniform in the unit square, node weights w ~ Exp(1). A larger θ gives a sparser
    graph; at θ = 1000 little more than the tree is left.

    Source: graph_nets, `demos/shortest_path.ipynb`, `generate_graph` (θ = 20 there), on
    `networkx.geographical_threshold_graph`.

    Raises:
        ValueError: `theta` is not above 0.
    """

    theta: float = 20.0

    def __post_init__(self) -> None:
        if not self.theta > 0:
            raise ValueError(f"theta must be above 0, got {self.theta!r}")

    def draw(self, size: int, rng: np.random.Generator) -> Graph:
        """Draw a graph; the tree connects it for every θ.

        Single-linkage clustering merges at the lengths of the tree's edges. Distances between
        random points do not repeat, so an edge is in the tree if its length is one of these.
        """
        positions = rng.uniform(size=(size, 2))
        node_weights = rng.exponential(size=size)
        distances = pdist(positions)  # [n (n - 1) / 2], pairs in the order of triu_indices
        pairs = np.stack(np.triu_indices(size, k=1), axis=1)
        near = node_weights[pairs].sum(axis=1) >= self.theta * distances**2
        merges = linkage(distances, "single")[:, 2]  # ascending
        in_tree = merges[np.searchsorted(merges[:-1], distances)] == distances
        chosen = near | in_tree
        return Graph(positions, node_weights, pairs[chosen], distances[chosen])
