"""Fingerprints: 64-bit hashes of graphs that do not change when nodes or edges are reordered.

Weisfeiler and Leman's colour refinement: a node's colour becomes a hash of its colour and of the
multiset of its neighbours' colours. Where nodes are left with the same colour, each member of the
smallest such class in turn gets a colour of its own, which tells regular graphs apart. Isomorphic
graphs have equal fingerprints; two graphs with equal fingerprints need not be isomorphic.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from torch import Tensor

from data_gen.packed import ATTRIBUTES, Packed

ROUNDS = 4
MORE_ROUNDS = 12  # once a node has a colour of its own: regular graphs look alike from near
MAX_EDGES = 2**22  # of copies of graphs that are refined at a time
ODD = np.uint64(0x9E3779B97F4A7C15)
MARK = np.uint64(0xD1B54A32D192ED03)


def mixed(values: np.ndarray) -> np.ndarray:
    """A bijection of 64-bit words under which sums and differences mean nothing (SplitMix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def segment_sums(values: np.ndarray, pointers: np.ndarray) -> np.ndarray:
    """The sum of each segment of the last axis, modulo 2^64: segments may be empty."""
    sums = np.zeros((*values.shape[:-1], values.shape[-1] + 1), dtype=np.uint64)
    values.cumsum(axis=-1, out=sums[..., 1:])
    return np.diff(sums[..., pointers], axis=-1)


class _Graphs(NamedTuple):
    """Graphs laid end to end; the edges of each in the order of their receivers."""

    colors: np.ndarray  # [N] uint64, of the nodes
    edge_colors: np.ndarray  # [E] uint64
    senders: np.ndarray  # [E], numbered through all graphs
    receivers: np.ndarray  # [E]
    node_ptr: np.ndarray  # [B + 1]
    edge_ptr: np.ndarray  # [B + 1]


def fingerprints(packed: Packed) -> np.ndarray:
    """The fingerprint of what models read of every instance: `ATTRIBUTES` and the edges, [B].

    Targets and everything else that models do not see are left out.
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
    """Consecutive copies of graphs, of about `MAX_EDGES` edges in all."""
    part = num_edges.cumsum() // MAX_EDGES
    bounds = [0, *(np.flatnonzero(np.diff(part)) + 1).tolist(), len(part)]
    return [slice(a, b) for a, b in pairwise(bounds) if a < b]


def _row_hashes(values: Tensor) -> np.ndarray:
    """A hash of every row of [rows, width], by the bits of its numbers."""
    columns = values.double() + 0.0  # every number that is stored, exactly; -0 is 0
    bits = columns.numpy().view(np.uint64)
    hashes = np.full(len(values), ODD, dtype=np.uint64)
    for column in bits.T:
        hashes = mixed(hashes * ODD + column)
    return hashes


def _refined(graphs: _Graphs, num_rounds: int = ROUNDS) -> np.ndarray:
    """The colours of the nodes after so many rounds."""
    colors = graphs.colors
    counts = np.bincount(graphs.receivers, minlength=len(colors))
    pointers = np.concatenate([[0], counts.cumsum()])
    for _ in range(num_rounds):
        messages = mixed(colors[graphs.senders] * ODD + graphs.edge_colors)
        colors = mixed(colors * MARK + segment_sums(messages, pointers))
    return colors


def _of_colors(graphs: _Graphs, colors: np.ndarray) -> np.ndarray:
    """The hash of each graph: of the multiset of the colours of its nodes."""
    return segment_sums(mixed(colors), graphs.node_ptr)


def _individualized(graphs: _Graphs, colors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The nodes that get a colour of their own in turn: the graph of each and its number there.

    They are the smallest class of nodes of one colour that has more than one node; of several
    smallest classes, that of the least colour.
    """
    graph = np.repeat(np.arange(len(graphs.node_ptr) - 1), np.diff(graphs.node_ptr))
    order = np.lexsort((colors, graph))
    is_new = np.ones(len(order), dtype=bool)
    is_new[1:] = (np.diff(graph[order]) > 0) | (np.diff(colors[order]) != 0)
    starts = np.flatnonzero(is_new)
    sizes = np.diff(np.append(starts, len(order)))
    classes = np.flatnonzero(sizes > 1)
    by_size = classes[np.lexsort((sizes[classes], graph[order][starts[classes]]))]  # is stable
    owners, first = np.unique(graph[order][starts[by_size]], return_index=True)
    chosen = by_size[first]
    places = np.repeat(starts[chosen] - np.append(0, sizes[chosen].cumsum()[:-1]), sizes[chosen])
    nodes = order[places + np.arange(sizes[chosen].sum())]
    copies = np.repeat(owners, sizes[chosen])
    return copies, nodes - graphs.node_ptr[copies]


def _taken(graphs: _Graphs, colors: np.ndarray, indices: np.ndarray) -> _Graphs:
    """The graphs of those indices, which may repeat, with those colours."""
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
    """The rows of the chosen segments, their new pointers, and which segment each row is of."""
    counts = np.diff(pointers)[indices]
    ends = np.append(0, counts.cumsum())
    segment = np.repeat(np.arange(len(indices)), counts)
    return np.arange(ends[-1]) + (pointers[indices] - ends[:-1])[segment], ends, segment


def num_distinct(packed: Packed) -> int:
    """How many instances of a data set differ in what models read, up to renaming the nodes."""
    return len(np.unique(fingerprints(packed)))
