"""Apply the first layer of an MLP before gathering the arguments of its items.

W·[e, v_s, v_r, u] + b = W_e e + (W_s v)[s] + (W_r v)[r] + (W_u u)[g] + b: the function of a linear
layer on the concatenation, but products of nodes and graphs are computed once per node and once per
graph instead of once per edge. Neither forward nor backward allocates a tensor of the size of the
concatenation.

M items (rows of the result), R rows of a gathered argument, F its features, H features of a layer.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from gn.kernels.segment import gather_rows, sum_items
from gn.topology import Incidence


class Plan:
    """The way an MLP reads each argument: directly (row m for item m), along one map or two.

    An argument along two maps is a guest (u, by the graph of an edge) of a host (v, by the receiver
    of an edge): its products are added to the rows of the host, which are fewer than the items.

    Args:
        maps: for each argument the map item -> row; None: row m for item m.
        num_layers: the number of linear layers.
        sum_by: the map along which results are summed; None: no sums.
    """

    def __init__(
        self,
        maps: Sequence[Incidence | None],
        num_layers: int,
        sum_by: Incidence | None,
    ) -> None:
        self.num_arguments, self.num_layers = len(maps), num_layers
        self.sum_by = sum_by
        self.direct = [k for k, m in enumerate(maps) if m is None]
        self.hosts: list[int] = []
        self.guests: dict[int, tuple[int, Incidence]] = {}  # host: (guest, host row -> guest row)
        self.rows: Incidence | None = None  # item -> the rows of all hosts, stacked
        ids = [id(m) for m in maps]
        for k, m in enumerate(maps):
            if m is not None and m.via is not None and id(m.via[0]) in ids:
                self.guests[ids.index(id(m.via[0]))] = k, m.via[1]
            elif m is not None:
                self.hosts.append(k)
                self.rows = m if self.rows is None else self.rows.stack(m)

    def unpack(self, tensors: Sequence[Tensor]) -> tuple[Sequence[Tensor], ...]:
        """Split the tensors into arguments, weights and biases."""
        a, n = self.num_arguments, self.num_layers
        return tensors[:a], tensors[a : a + n], tensors[a + n : a + 2 * n]

    def num_items(self, arguments: Sequence[Tensor]) -> int:
        """Return the number of items M."""
        return self.rows.num_items if self.rows is not None else arguments[self.direct[0]].shape[0]

    def host_sections(self, arguments: Sequence[Tensor], table: Tensor) -> Iterator[Any]:
        """Yield each host with its rows of the stacked table."""
        sizes = [arguments[k].shape[0] for k in self.hosts]
        return zip(self.hosts, table.split_with_sizes(sizes) if sizes else (), strict=True)


def host_products(
    plan: Plan, arguments: Sequence[Tensor], parts: Sequence[Tensor], bias: Tensor
) -> Tensor:
    """Compute the table to gather from: products of hosts plus their guests [R of all hosts, H]."""
    table = bias.new_empty(plan.rows.num_rows if plan.rows else 0, bias.shape[0])
    base: Tensor | None = bias  # added to the first host only
    for k, rows in plan.host_sections(arguments, table):
        if k in plan.guests:
            guest, guest_rows = plan.guests[k]
            base = gather_rows(_product(base, arguments[guest], parts[guest]), guest_rows)
        _product(base, arguments[k], parts[k], out=rows)
        base = None
    return table


def _product(base: Tensor | None, a: Tensor, b: Tensor, out: Tensor | None = None) -> Tensor:
    """Return `base + a @ b`; a base of None is 0."""
    return torch.mm(a, b, out=out) if base is None else torch.addmm(base, a, b, out=out)


def of_gathered(
    plan: Plan, arguments: Sequence[Tensor], first: Tensor
) -> Iterator[tuple[int, Tensor]]:
    """Yield the gradient of each gathered argument's products, from that of the layer [M, H]."""
    if plan.rows is not None:
        for k, d in plan.host_sections(arguments, sum_items(first, plan.rows)):
            yield k, d
            if k in plan.guests:
                guest, guest_rows = plan.guests[k]
                yield guest, sum_items(d, guest_rows)
