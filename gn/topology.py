"""Maps edge -> sender, edge -> receiver, node -> graph and edge -> graph, computed once per batch.

N nodes, E edges, B graphs, M items (edges or nodes) that belong to R rows (nodes or graphs).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from torch_geometric.data import Batch, Data
from torch_geometric.index import index2ptr


class Incidence:
    """A map of M items to R rows: the row of each item, and the items of each row.

    A gather reads the row of each item, a reduction the items of each row; each operation is the
    backward of the other. All attributes but `index` are computed on first use, then cached.

    Attributes:
        index: [M], the row of each item.
        num_rows: R.
        via: the two maps of a composition (edge -> receiver -> graph), else None. The rows of the
            first map must be sorted by their rows in the second map.
        starts: for stacked maps, where the entries of each item begin [M + 1]; else None.
    """

    def __init__(
        self, index: Tensor | None, num_rows: int, via: tuple[Incidence, Incidence] | None = None
    ) -> None:
        self._index = index
        self.num_rows = num_rows
        self.via = via
        self.starts: Tensor | None = None
        self._stacks: dict[int, tuple[Incidence, Incidence]] = {}

    @property
    def index(self) -> Tensor:
        """The row of each item [M]."""
        if self._index is None:
            assert self.via is not None
            self._index = self.via[1].index[self.via[0].index]
        return self._index

    @property
    def num_items(self) -> int:
        """The number of items M."""
        if self.via is not None:
            return self.via[0].num_items
        return self.index.shape[0] // (1 if self.starts is None else 2)

    @cached_property
    def order(self) -> Tensor:
        """The items sorted by row [M]; a stable sort, so that sums are reproducible."""
        if self.via is not None:
            return self.via[0].order
        index = self.index
        # On a GPU the check for sorted items would make the host wait; sorting does not.
        if index.device.type == "cpu" and bool((index[1:] >= index[:-1]).all()):
            return torch.arange(len(index), device=index.device)
        return index.argsort(stable=True)

    @cached_property
    def pointers(self) -> Tensor:
        """The bounds [R + 1] of each row: row r has items `order[pointers[r]:pointers[r + 1]]`."""
        if self.via is not None:
            return self.via[0].pointers[self.via[1].pointers]
        return index2ptr(self.index[self.order], self.num_rows)

    @cached_property
    def counts(self) -> Tensor:
        """The number of items of each row [R, 1]."""
        return self.pointers.diff().unsqueeze(1)

    def stack(self, other: Incidence) -> Incidence:
        """Combine two maps of the same items: rows of this map, then the rows of `other`.

        The `index` [2 M] of the result has two consecutive entries for each item.

        Raises:
            ValueError: this map is stacked already.
        """
        if id(other) in self._stacks:
            return self._stacks[id(other)][1]
        if self.starts is not None:
            raise ValueError("a stacked map cannot be stacked again")
        index = torch.stack([self.index, other.index + self.num_rows], dim=1).flatten()
        both = Incidence(index, self.num_rows + other.num_rows)
        both.order = torch.cat([self.order, other.order])
        both.pointers = torch.cat([self.pointers, other.pointers[1:] + len(self.order)])
        both.starts = torch.arange(0, len(index) + 1, 2, device=index.device)
        self._stacks[id(other)] = other, both
        return both


@dataclass(frozen=True)
class Topology:
    """The four maps of a batch that a graph network gathers and reduces along.

    Attributes:
        senders: edge -> node.
        receivers: edge -> node; any order of edges is correct, sorted by receiver is fastest.
        node_graph: node -> graph.
        edge_graph: edge -> graph.
    """

    senders: Incidence
    receivers: Incidence
    node_graph: Incidence
    edge_graph: Incidence

    @property
    def num_nodes(self) -> int:
        """The number of nodes N."""
        return self.senders.num_rows

    @property
    def num_graphs(self) -> int:
        """The number of graphs B."""
        return self.node_graph.num_rows

    @classmethod
    def from_batch(cls, batch: Batch | Data) -> Topology:
        """Build the topology of a PyG batch, or of one graph, on its device.

        The nodes of a graph are contiguous, as in every PyG batch. Edges may be in any order. On
        the CPU, edges that are already sorted by receiver are not sorted again; on a GPU both ends
        are always sorted, so that the host need not wait.

        Args:
            batch: with `edge_index` [2, E] (row 0 senders, row 1 receivers), `num_nodes`, and, for
                several graphs, `batch` [N] and `num_graphs`.

        Returns:
            The topology; pointers and orders are computed on first use.
        """
        num_nodes, edge_index = int(batch.num_nodes or 0), batch.edge_index
        assert edge_index is not None, "a graph without edges has an edge_index [2, 0]"
        of_node = getattr(batch, "batch", None)
        num_graphs = 1 if of_node is None else int(batch.num_graphs)
        if of_node is None:
            of_node = edge_index.new_zeros(num_nodes)
        receivers = Incidence(edge_index[1], num_nodes)
        node_graph = Incidence(of_node, num_graphs)
        return cls(
            senders=Incidence(edge_index[0], num_nodes),
            receivers=receivers,
            node_graph=node_graph,
            edge_graph=Incidence(None, num_graphs, via=(receivers, node_graph)),
        )
