"""What graphs look like, and how far two sets of them are apart in it.

Graphs are taken as undirected, without weights, kinds of nodes, or edges from a node to itself.
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
    """What B graphs of N nodes together look like."""

    nodes: np.ndarray  # [B]: binary logarithm of their number, so that 1 is a doubling
    degree: np.ndarray  # [N]: edges of each node
    diameter: np.ndarray  # [B]: hops between the two nodes furthest apart that are connected
    clustering: np.ndarray  # [B]: mean over nodes; of the pairs of neighbours that are neighbours
    spectrum: np.ndarray  # [N]: eigenvalues of the normalised Laplacian, from 0 to 2


MEASURES = ("nodes", "degree", "diameter", "clustering", "spectrum")


def shape_of(packed: Packed, num_graphs: int) -> Shape:
    """The shape of the first graphs of a data set, at most all."""
    graphs = [adjacency(packed, index) for index in range(min(num_graphs, len(packed)))]
    return joined([shape_of_graph(graph) for graph in graphs])


def joined(shapes: Sequence[Shape]) -> Shape:
    """Several sets of graphs as one."""
    return Shape(*(np.concatenate([getattr(s, name) for s in shapes]) for name in MEASURES))


def adjacency(packed: Packed, index: int) -> csr_array:
    """Adjacency of one graph [n, n], 1 where an edge is in either direction."""
    first, last = packed.edge_ptr[index : index + 2].tolist()
    senders, receivers = packed.fields["edge_index"][:, first:last].long().numpy()
    size = int(packed.node_ptr[index + 1] - packed.node_ptr[index])
    rows, columns = np.r_[senders, receivers], np.r_[receivers, senders]
    kept = rows != columns
    places = np.unique(np.stack([rows[kept], columns[kept]]), axis=1)
    return csr_array((np.ones(places.shape[1]), tuple(places)), shape=(size, size))


def shape_of_graph(graph: csr_array) -> Shape:
    """The shape of one graph, of an adjacency [n, n]."""
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
    """Local clustering of every node [n]; 0 for a node of fewer than two neighbours.

    Source: Watts & Strogatz 1998.
    """
    closed = np.asarray(((graph @ graph) * graph).sum(axis=1))
    pairs = degree * (degree - 1)
    return np.divide(closed, pairs, out=np.zeros(len(degree)), where=pairs > 0)


def _spectrum(graph: csr_array, degree: np.ndarray) -> np.ndarray:
    """Eigenvalues of I - D^-1/2 A D^-1/2 [n], of which a node without edges has a 0.

    Source: Chung 1997.
    """
    scale = np.divide(1, np.sqrt(degree), out=np.zeros(len(degree)), where=degree > 0)
    laplacian = np.diag((degree > 0).astype(float)) - scale[:, None] * graph.toarray() * scale
    return np.linalg.eigvalsh(laplacian)


def distances(a: Shape, b: Shape) -> dict[str, float]:
    """Wasserstein distance (of order 1) in every measure, in its unit.

    That is how far values have to be moved on average to make one distribution of the other.
    """
    pairs: Iterable[tuple[np.ndarray, np.ndarray]] = (
        (getattr(a, name), getattr(b, name)) for name in MEASURES
    )
    found = [round(float(wasserstein_distance(*pair)), 9) for pair in pairs]  # less is rounding
    return dict(zip(MEASURES, found, strict=True))
