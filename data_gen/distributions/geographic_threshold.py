"""Geographic threshold graphs united with their minimum spanning tree (graph_nets demo)."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial.distance import pdist, squareform

from data_gen.distribution import Distribution
from data_gen.graph import Graph, locate


@dataclass(frozen=True)
class GeographicThreshold(Distribution[Graph]):
    """Nodes i, j are joined when (w_i + w_j) / distance² >= θ, or by the minimum spanning tree.

    Positions are uniform in the unit square, node weights w ~ Exp(1). The larger θ, the sparser;
    at θ = 1000 little but the tree is left.

    Source: graph_nets, `demos/shortest_path.ipynb`, `generate_graph` (θ = 20 there), on
    `networkx.geographical_threshold_graph`.
    """

    theta: float = 20.0

    def __post_init__(self) -> None:
        if not self.theta > 0:
            raise ValueError(f"theta is {self.theta}: a number above 0 is needed")

    def draw(self, size: int, rng: np.random.Generator) -> Graph:
        """Connected for every θ, by the tree."""
        positions = rng.uniform(size=(size, 2))
        node_weights = rng.exponential(size=size)
        distances = pdist(positions)  # [n (n - 1) / 2], pairs in the order of triu_indices
        senders, receivers = np.triu_indices(size, k=1)
        near = node_weights[senders] + node_weights[receivers] >= self.theta * distances**2
        tree = minimum_spanning_tree(squareform(distances)).tocoo()
        edges = np.stack([senders[near], receivers[near]], axis=1)
        edges = np.concatenate([edges, np.stack([tree.row, tree.col], axis=1)])
        return locate(edges, positions, node_weights)
