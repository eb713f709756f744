"""Fingerprints: 64-bit hashes of graphs that do not change when nodes or edges are reordered.

The method is Weisfeiler and Leman's colour refinement: in each round a node's colour becomes a hash
of its colour and of the multiset of its neighbours' colours. If several nodes still share a colour,
each member of the smallest such class in turn gets a colour of its own, which tells regular graphs
apart. Isomorphic graphs have equal fingerprints; graphs with equal fingerprints need not be
isomorphic.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from torch import Tensor

from data_gen.packed import ATTRIBUTES, Packed

ROUNDS = 4
MORE_ROUNDS = 12  # after a node got its own colour: nearby nodes of regular graphs look alike
MAX_EDGES = 2**22  # the number of edges, over copies of graphs, that are refined at a time
ODD = np.uint64(0x9E3779B97F4A7C15)
MARK = np.uint64(0xD1B54A32D192ED03)


def mixed(values: np.ndarray) -> np.ndarray:
    """Apply SplitMix64, a bijection of 64-bit words that destroys sums and differences."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def segment_sums(values: np.ndarray, pointers: np.ndarray) -> np.ndarray:
    """Return the sum of each segment of the last axis, modulo 2^64; segments may be empty."""
    sums = np.zeros((*values.shape[:-1], values.shape[-1] + 1), dtype=np.uint64)
    values.cumsum(axis=-1, out=sums[..., 1:])
    return np.diff(sums[..., pointers], axis=-1)


class _Graphs(NamedTuple):
    """Concatenated graphs, each with its edges sorted by receiver."""

    colors: np.ndarray  # [N] uint64, the colours of the nodes
    edge_colors: np.ndarray  # [E] uint64
    senders: np.ndarray  # [E], with nodes numbered across all graphs
    receivers: np.ndarray  # [E]
    node_ptr: np.ndarray  # [B + 1]
    edge_ptr: np.ndarray  # [B + 1]


def fingerprints(packed: Packed) -> np.ndarray:
    """Return the fingerprint of each instance [B], over `ATTRIBUTES` and the edges.

    Targets and all other fields that models do not read are left out.
    """
    rows = {name: _row_hashes(packed.fields[name]) for name in ATTRIBUTES}
    node_ptr, edge_ptr = packed.node_ptr.numpy(), packed.edge_ptr.numpy()
    shift = np.repeat(node_ptr[:-1], np.diff(edge_ptr))
    senders, receivers = packed.fields["edge_index"].numpy() + shift
    graphs = _Graphs(rows["x"], rows["edge_attr"], senders, receivers, node_ptr, edge_ptr)
    colors = _refined(graphs)
    found = _of_colors(graphs, colors)
    copies, nodes = _individualized(graphs, colors)
    for chosen in _chunks(np.diff(edge_ptr)[copies]):
        part = _taken(graphs, colors, copies[chosen])
        part.colors[part.node_ptr[:-1] + nodes[chosen]] ^= MARK
        np.add.at(found, copies[chosen], mixed(_of_colors(part, _refined(part, MORE_ROUNDS))))
    return mixed(found * ODD + rows["u"])


def _chunks(num_edges: np.ndarray) -> list[slice]:
    """Split copies of graphs into consecutive chunks of about `MAX_EDGES` edges each."""
    part = num_edges.cumsum() // MAX_EDGES
    bounds = [0, *(np.flatnonzero(np.diff(part)) + 1).tolist(), len(part)]
    return [slice(a, b) for a, b in pairwise(bounds) if a < b]


def _row_hashes(values: Tensor) -> np.ndarray:
    """Return a hash of every row of `values` [rows, width], from the bits of its numbers."""
    columns = values.double() + 0.0  # float64 holds every stored number exactly; -0 becomes 0
    bits = columns.numpy().view(np.uint64)
    hashes = np.full(len(values), ODD, dtype=np.uint64)
    for column in bits.T:
        hashes = mixed(hashes * ODD + column)
    return hashes


def _refined(graphs: _Graphs, num_rounds: int = ROUNDS) -> np.ndarray:
    """Return the colours of the nodes after `num_rounds` rounds of refinement."""
    colors = graphs.colors
    counts = np.bincount(graphs.receivers, minlength=len(colors))
    pointers = np.concatenate([[0], counts.cumsum()])
    for _ in range(num_rounds):
        messages = mixed(colors[graphs.senders] * ODD + graphs.edge_colors)
        colors = mixed(colors * MARK + segment_sums(messages, pointers))
    return colors


def _of_colors(graphs: _Graphs, colors: np.ndarray) -> np.ndarray:
    """Return the hash of each graph: that of the multiset of its nodes' colours."""
    return segment_sums(mixed(colors), graphs.node_ptr)


def _individualized(graphs: _Graphs, colors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the nodes that get a colour of their own in turn.

    They form the smallest colour class that has more than one node; among several smallest
    classes, the one of the least colour.

    Returns:
        The graph of each node and its number within that graph.
    """
    graph = np.repeat(np.arange(len(graphs.node_ptr) - 1), np.diff(graphs.node_ptr))
    order = np.lexsort((colors, graph))
    is_new = np.ones(len(order), dtype=bool)
    is_new[1:] = (np.diff(graph[order]) > 0) | (np.diff(colors[order]) != 0)
    starts = np.flatnonzero(is_new)
    sizes = np.diff(np.append(starts, len(order)))
    classes = np.flatnonzero(sizes > 1)
    by_size = classes[np.lexsort((sizes[classes], graph[order][starts[classes]]))]  # stable
    owners, first = np.unique(graph[order][starts[by_size]], return_index=True)
    chosen = by_size[first]
    places = np.repeat(starts[chosen] - np.append(0, sizes[chosen].cumsum()[:-1]), sizes[chosen])
    nodes = order[places + np.arange(sizes[chosen].sum())]
    copies = np.repeat(owners, sizes[chosen])
    return copies, nodes - graphs.node_ptr[copies]


def _taken(graphs: _Graphs, colors: np.ndarray, indices: np.ndarray) -> _Graphs:
    """Return the graphs of the given indices, which may repeat, with the given node colours."""
    nodes, node_ptr, _ = _rows(graphs.node_ptr, indices)
    edges, edge_ptr, copy = _rows(graphs.edge_ptr, indices)
    shift = (node_ptr[:-1] - graphs.node_ptr[indices])[copy]
    return _Graphs(
        colors[nodes],
        graphs.edge_colors[edges],
        graphs.senders[edges] + shift,
        graphs.receivers[edges] + shift,
        node_ptr,
        edge_ptr,
    )


def _rows(pointers: np.ndarray, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the rows of the chosen segments, their row pointers and the segment of each row."""
    counts = np.diff(pointers)[indices]
    ends = np.append(0, counts.cumsum())
    segment = np.repeat(np.arange(len(indices)), counts)
    return np.arange(ends[-1]) + (pointers[indices] - ends[:-1])[segment], ends, segment


def num_distinct(packed: Packed) -> int:
    """Return the number of instances that differ in what models read, up to renaming the nodes."""
    return len(np.unique(fingerprints(packed)))
