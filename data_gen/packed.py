"""Packed data set: a few flat tensors and row pointers instead of a list of graphs."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from torch_geometric.data import Batch, Data

ATTRIBUTES = ("x", "edge_attr", "u")  # read by models, as floats even if stored as small integers


def level(name: str) -> str:
    """Return the level of a field, "node", "edge" or "graph", from its name (see `Task`)."""
    if name.startswith("edge_"):
        return "edge"
    return "graph" if name == "u" or name.startswith("graph_") else "node"


@dataclass(frozen=True)
class Packed:
    """Many graphs as flat tensors; `batch` gathers any of them on the device of the tensors.

    Within each graph, edges are sorted by receiver, and nodes are numbered from 0.
    """

    fields: dict[str, Tensor]  # x [N, F], edge_index [2, E], edge_attr [E, F], u [B, F], ...
    node_ptr: Tensor  # [B + 1]
    edge_ptr: Tensor  # [B + 1]

    def __len__(self) -> int:
        return len(self.node_ptr) - 1

    @property
    def num_nodes_of_largest(self) -> int:
        """The number of nodes of the largest graph."""
        return int(self.node_ptr.diff().max())

    @classmethod
    def pack(cls, instances: Sequence[Data]) -> "Packed":
        """Concatenate instances, the edges of each sorted by receiver.

        Raises:
            ValueError: the rows of a field are not as many as the nodes, edges or graphs.
        """
        num_nodes = [instance["x"].size(0) for instance in instances]
        num_edges = [instance["edge_index"].size(1) for instance in instances]
        rows = {"node": sum(num_nodes), "edge": sum(num_edges), "graph": len(instances)}
        fields = {}
        for name in instances[0].keys():  # noqa: SIM118  (Data iterates over items)
            column = [instance[name] for instance in instances]
            fields[name] = torch.cat(column, dim=1 if name == "edge_index" else 0)
            found, needed = fields[name].size(int(name == "edge_index")), rows[level(name)]
            if found != needed:
                rule = f"{needed} rows, one for each {level(name)}"
                raise ValueError(f"field {name} must have {rule}, got {found}")
        packed = cls(fields, _pointers(num_nodes), _pointers(num_edges))
        return packed._sorted_by_receiver()

    @classmethod
    def concatenate(cls, parts: Sequence["Packed"]) -> "Packed":
        """Return the graphs of all parts, in order."""
        fields = {
            name: torch.cat([p.fields[name] for p in parts], dim=1 if name == "edge_index" else 0)
            for name in parts[0].fields
        }
        nodes = [p.node_ptr.diff() for p in parts]
        edges = [p.edge_ptr.diff() for p in parts]
        return cls(fields, _pointers(torch.cat(nodes)), _pointers(torch.cat(edges)))

    def _sorted_by_receiver(self) -> "Packed":
        """Return the graphs with the edges of each sorted by receiver, then by sender."""
        edge_graph = torch.repeat_interleave(self.edge_ptr.diff())
        senders, receivers = self.fields["edge_index"].long() + self.node_ptr[edge_graph]
        order = torch.argsort(receivers * self.node_ptr[-1] + senders)
        fields = {
            name: value[:, order].int() if name == "edge_index" else value[order]
            for name, value in self.fields.items()
            if level(name) == "edge"
        }
        return Packed({**self.fields, **fields}, self.node_ptr, self.edge_ptr)

    def tensors(self) -> dict[str, Tensor]:
        """Return all tensors by name: fields and row pointers."""
        return {**self.fields, "node_ptr": self.node_ptr, "edge_ptr": self.edge_ptr}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor]) -> "Packed":
        """Return the data set of the given tensors: the inverse of `tensors`."""
        fields = {name: value for name, value in tensors.items() if not name.endswith("_ptr")}
        return cls(fields, tensors["node_ptr"], tensors["edge_ptr"])

    def to(self, device: torch.device | str) -> "Packed":
        """Return the data set on another device, on which `batch` then makes its batches."""
        fields = {name: value.to(device) for name, value in self.fields.items()}
        return Packed(fields, self.node_ptr.to(device), self.edge_ptr.to(device))

    @cached_property
    def _host_counts(self) -> tuple[Tensor, Tensor]:
        """The numbers of nodes and of edges of every graph, in host memory."""
        return self.node_ptr.diff().cpu(), self.edge_ptr.diff().cpu()

    def node_rows(self, indices: Tensor | Sequence[int]) -> tuple[Tensor, Tensor]:
        """Return the rows of the chosen graphs' nodes [N] and their places in `indices` [N]."""
        chosen = torch.as_tensor(indices, device="cpu")
        total = int(self._host_counts[0][chosen].sum())
        return _rows(self.node_ptr, chosen.to(self.node_ptr.device), total)[:2]

    def batch(
        self, indices: Tensor | Sequence[int], without: Collection[str] = frozenset()
    ) -> Batch:
        """Return the chosen graphs as a PyG batch, by gathers alone.

        Args:
            indices: [B] integers below `len(self)`, in any order; they may repeat.
            without: the names of fields to leave out.
        """
        chosen = torch.as_tensor(indices, device="cpu")
        indices = chosen.to(self.node_ptr.device, non_blocking=True)
        totals = [int(counts[chosen].sum()) for counts in self._host_counts]
        nodes, node_graph, node_ptr = _rows(self.node_ptr, indices, totals[0])
        edges, edge_graph, edge_ptr = _rows(self.edge_ptr, indices, totals[1])
        rows = {"node": nodes, "edge": edges, "graph": indices}
        batch = Batch(_base_cls=Data)
        slices = {"node": node_ptr, "edge": edge_ptr}
        slice_dict, inc_dict = {}, {}
        for name, value in self.fields.items():
            if name in without:
                continue
            if name == "edge_index":
                gathered = value.index_select(1, edges).long() + node_ptr[edge_graph]
            else:
                gathered = value.index_select(0, rows[level(name)])
                if name in ATTRIBUTES and not gathered.is_floating_point():
                    gathered = gathered.float()
            batch[name] = gathered
            slice_dict[name] = slices.get(level(name))
            inc_dict[name] = node_ptr[:-1].view(-1, 1, 1) if name == "edge_index" else None
        return _finish(batch, node_graph, node_ptr, slice_dict, inc_dict)


def consecutive(batch: Batch, chosen: slice) -> Batch:
    """Return a slice of the graphs of a batch of `Packed.batch` as a batch of their own."""
    ptrs = {"node": batch.ptr, "edge": batch._slice_dict["edge_index"]}
    parts = {kind: ptr[chosen.start : chosen.stop + 1] for kind, ptr in ptrs.items()}
    ends = torch.stack([part[[0, -1]] for part in parts.values()]).tolist()
    rows = {kind: slice(*of) for kind, of in zip(parts, ends, strict=True)} | {"graph": chosen}
    node_ptr, edge_ptr = (part - part[0] for part in parts.values())
    slices = {"node": node_ptr, "edge": edge_ptr}
    result = Batch(_base_cls=Data)
    slice_dict, inc_dict = {}, {}
    for name, value in batch.to_dict().items():
        if name in ("batch", "ptr"):
            continue
        if name == "edge_index":
            result[name] = value[:, rows["edge"]] - rows["node"].start
        else:
            result[name] = value[rows[level(name)]]
        slice_dict[name] = slices.get(level(name))
        inc_dict[name] = node_ptr[:-1].view(-1, 1, 1) if name == "edge_index" else None
    node_graph = batch.batch[rows["node"]] - chosen.start
    return _finish(result, node_graph, node_ptr, slice_dict, inc_dict)


def _finish(
    batch: Batch,
    node_graph: Tensor,
    node_ptr: Tensor,
    slice_dict: dict[str, Tensor | None],
    inc_dict: dict[str, Tensor | None],
) -> Batch:
    """Set the attributes that `Batch.from_data_list` sets, so that `batch[i]` works."""
    num_graphs = len(node_ptr) - 1
    graphs = torch.arange(num_graphs + 1)
    none = torch.zeros(num_graphs, dtype=torch.long)
    batch.batch, batch.ptr = node_graph, node_ptr
    batch._num_graphs = num_graphs
    batch._slice_dict = {k: graphs if v is None else v for k, v in slice_dict.items()}
    batch._inc_dict = {k: none if v is None else v for k, v in inc_dict.items()}
    return batch


def _pointers(counts: Sequence[int] | Tensor) -> Tensor:
    """Return the row pointers [B + 1] of segments of the given lengths [B]."""
    counts = torch.as_tensor(counts, dtype=torch.long)
    return torch.cat([torch.zeros(1, dtype=torch.long), counts.cumsum(0)])


def _rows(ptr: Tensor, indices: Tensor, total: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return the rows of the chosen segments, the segment of each row, and the new row pointers.

    `total` is the number of rows. The host knows it, so it need not wait for the device.
    """
    counts = ptr.diff()[indices]
    new_ptr = torch.zeros(len(counts) + 1, dtype=torch.long, device=ptr.device)
    torch.cumsum(counts, 0, out=new_ptr[1:])
    segment = torch.repeat_interleave(counts, output_size=total)
    shift = ptr[indices] - new_ptr[:-1]
    return torch.arange(len(segment), device=ptr.device) + shift[segment], segment, new_ptr
