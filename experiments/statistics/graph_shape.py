"""Structural statistics of graphs, and the distance between two sets of graphs in them.

Graphs are treated as undirected and unweighted, without node types or self-loops.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import shortest_path
from scipy.stats import wasserstein_distance

from data_gen.packed import Packed


@dataclass(frozen=True)
class Shape:
    """The statistics of B graphs that have N nodes in total."""

    nodes: np.ndarray  # [B]: binary logarithm of the number of nodes, so that 1 is a doubling
    degree: np.ndarray  # [N]: edges of each node
    diameter: np.ndarray  # [B]: largest finite distance between two nodes, in hops
    clustering: np.ndarray  # [B]: local clustering coefficient, mean over nodes
    spectrum: np.ndarray  # [N]: eigenvalues of the normalised Laplacian, from 0 to 2


MEASURES = ("nodes", "degree", "diameter", "clustering", "spectrum")


def shape_of(packed: Packed, num_graphs: int) -> Shape:
    """Return the shape of the first `num_graphs` graphs of a data set, at most all."""
    graphs = [adjacency(packed, index) for index in range(min(num_graphs, len(packed)))]
    return joined([shape_of_graph(graph) for graph in graphs])


def joined(shapes: Sequence[Shape]) -> Shape:
    """Concatenate the shapes of several sets of graphs."""
    return Shape(*(np.concatenate([getattr(s, name) for s in shapes]) for name in MEASURES))


def adjacency(packed: Packed, index: int) -> csr_array:
    """Return the symmetric adjacency matrix of one graph [n, n]: 1 for an edge either way."""
    first, last = packed.edge_ptr[index : index + 2].tolist()
    senders, receivers = packed.fields["edge_index"][:, first:last].long().numpy()
    size = int(packed.node_ptr[index + 1] - packed.node_ptr[index])
    rows, columns = np.r_[senders, receivers], np.r_[receivers, senders]
    kept = rows != columns
    places = np.unique(np.stack([rows[kept], columns[kept]]), axis=1)
    return csr_array((np.ones(places.shape[1]), tuple(places)), shape=(size, size))


def shape_of_graph(graph: csr_array) -> Shape:
    """Return the shape of one graph from its adjacency matrix [n, n]."""
    degree = np.asarray(graph.sum(axis=1))
    hops = shortest_path(graph, unweighted=True)
    return Shape(
        nodes=np.log2([len(degree)]),
        degree=degree,
        diameter=np.array([hops[np.isfinite(hops)].max()]),
        clustering=np.array([_clustering(graph, degree).mean()]),
        spectrum=_spectrum(graph, degree),
    )


def _clustering(graph: csr_array, degree: np.ndarray) -> np.ndarray:
    """Return the local clustering of every node [n]; 0 for a node with fewer than two neighbours.

    Source: Watts & Strogatz 1998.
    """
    closed = np.asarray(((graph @ graph) * graph).sum(axis=1))
    pairs = degree * (degree - 1)
    return np.divide(closed, pairs, out=np.zeros(len(degree)), where=pairs > 0)


def _spectrum(graph: csr_array, degree: np.ndarray) -> np.ndarray:
    """Return the eigenvalues of I - D^-1/2 A D^-1/2 [n]; an isolated node contributes a 0.

    Source: Chung 1997.
    """
    scale = np.divide(1, np.sqrt(degree), out=np.zeros(len(degree)), where=degree > 0)
    laplacian = np.diag((degree > 0).astype(float)) - scale[:, None] * graph.toarray() * scale
    return np.linalg.eigvalsh(laplacian)


def distances(a: Shape, b: Shape) -> dict[str, float]:
    """Return the Wasserstein-1 distance of every measure, in the unit of the measure.

    The distance is how far values must move on average to turn one distribution into the other.
    """
    pairs: Iterable[tuple[np.ndarray, np.ndarray]] = (
        (getattr(a, name), getattr(b, name)) for name in MEASURES
    )
    found = [
        round(float(wasserstein_distance(*pair)), 9) for pair in pairs
    ]  # smaller digits are noise
    return dict(zip(MEASURES, found, strict=True))
