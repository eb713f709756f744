"""Who sends to whom, and who belongs to which graph: worked out once a batch, used at every step.

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

    The first is what a gather reads and the second what a reduction reads, and each is the other's
    backward. Everything but `index` is worked out when first asked for, then kept.

    Attributes:
        index: [M], the row of each item.
        num_rows: R.
        via: for a map made of two (edge -> receiver -> graph), the two; else None. The rows of the
            first must lie in the order of their own rows.
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
        """M."""
        if self.via is not None:
            return self.via[0].num_items
        return self.index.shape[0] // (1 if self.starts is None else 2)

    @cached_property
    def order(self) -> Tensor:
        """The items in the order of their rows [M]; stable, so that sums are always the same."""
        if self.via is not None:
            return self.via[0].order
        index = self.index
        # looking whether the items are in order already would make a GPU's host wait; sorting not
        if index.device.type == "cpu" and bool((index[1:] >= index[:-1]).all()):
            return torch.arange(len(index), device=index.device)
        return index.argsort(stable=True)

    @cached_property
    def pointers(self) -> Tensor:
        """Row r has the items `order[pointers[r]:pointers[r + 1]]` [R + 1]."""
        if self.via is not None:
            return self.via[0].pointers[self.via[1].pointers]
        return index2ptr(self.index[self.order], self.num_rows)

    @cached_property
    def counts(self) -> Tensor:
        """The number of items of each row [R, 1]."""
        return self.pointers.diff().unsqueeze(1)

    def stack(self, other: Incidence) -> Incidence:
        """Both maps of the same items at once, to the R rows here and then the rows of `other`.

        Its `index` [2 M] has two entries for each item, one after the other.
        """
        if id(other) in self._stacks:
            return self._stacks[id(other)][1]
        if self.starts is not None:
            raise ValueError("more than two maps cannot be stacked")
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
        receivers: edge -> node; edges sorted by it are the fastest, any order is right.
        node_graph: node -> graph.
        edge_graph: edge -> graph.
    """

    senders: Incidence
    receivers: Incidence
    node_graph: Incidence
    edge_graph: Incidence

    @property
    def num_nodes(self) -> int:
        """N."""
        return self.senders.num_rows

    @property
    def num_graphs(self) -> int:
        """B."""
        return self.node_graph.num_rows

    @classmethod
    def from_batch(cls, batch: Batch | Data) -> Topology:
        """The topology of a PyG batch, or of one graph, on its device.

        Nodes of a graph are contiguous, as PyG's batching makes them. Edges may be in any order: on
        the CPU those sorted by receiver are recognised and not sorted again; on a GPU both ends are
        sorted, so that the host need not wait.

        Args:
            batch: with `edge_index` [2, E] (row 0 senders, row 1 receivers), `num_nodes`, and, if
                it holds several graphs, `batch` [N] and `num_graphs`.

        Returns:
            Its topology; pointers and orders are worked out when a step first asks for them.
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
