"""The arguments of an MLP, of which those that are gathered are gathered after its first layer.

W·[e, v_s, v_r, u] + b = W_e e + (W_s v)[s] + (W_r v)[r] + (W_u u)[g] + b: the same function as a
linear layer on the concatenation, but the products of nodes and graphs are taken once a node and
once a graph instead of once an edge, and nothing of the size of the concatenation is ever made, in
the backward either.

M items (rows of the result), R rows of a gathered argument, F its features, H features of a layer.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from gn.kernels.segment import gather_rows, sum_items
from gn.topology import Incidence


class Plan:
    """What an MLP does with its arguments: taken as they are, gathered, or gathered by two maps.

    A guest (u by the graph of an edge) goes by way of a host (v by the receiver of an edge): its
    products are added to the host's, of which there are fewer than items.

    Args:
        maps: of each argument, the row that each item reads; None: row m for item m.
        num_layers: the number of linear layers.
        sum_by: the map by which results are summed; None: they are not.
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
        self.guests: dict[int, tuple[int, Incidence]] = {}  # of a host: the guest, host row -> its
        self.rows: Incidence | None = None  # item -> the hosts' rows, stacked
        ids = [id(m) for m in maps]
        for k, m in enumerate(maps):
            if m is not None and m.via is not None and id(m.via[0]) in ids:
                self.guests[ids.index(id(m.via[0]))] = k, m.via[1]
            elif m is not None:
                self.hosts.append(k)
                self.rows = m if self.rows is None else self.rows.stack(m)

    def unpack(self, tensors: Sequence[Tensor]) -> tuple[Sequence[Tensor], ...]:
        """Arguments, weights, biases."""
        a, n = self.num_arguments, self.num_layers
        return tensors[:a], tensors[a : a + n], tensors[a + n : a + 2 * n]

    def num_items(self, arguments: Sequence[Tensor]) -> int:
        """M."""
        return self.rows.num_items if self.rows is not None else arguments[self.direct[0]].shape[0]

    def host_sections(self, arguments: Sequence[Tensor], table: Tensor) -> Iterator[Any]:
        """Each host with its rows of the stacked table."""
        sizes = [arguments[k].shape[0] for k in self.hosts]
        return zip(self.hosts, table.split_with_sizes(sizes) if sizes else (), strict=True)


def host_products(
    plan: Plan, arguments: Sequence[Tensor], parts: Sequence[Tensor], bias: Tensor
) -> Tensor:
    """What there is to gather: each host's products, its guest's among them [R of all hosts, H]."""
    table = bias.new_empty(plan.rows.num_rows if plan.rows else 0, bias.shape[0])
    base: Tensor | None = bias  # goes to the first host
    for k, rows in plan.host_sections(arguments, table):
        if k in plan.guests:
            guest, guest_rows = plan.guests[k]
            base = gather_rows(_product(base, arguments[guest], parts[guest]), guest_rows)
        _product(base, arguments[k], parts[k], out=rows)
        base = None
    return table


def _product(base: Tensor | None, a: Tensor, b: Tensor, out: Tensor | None = None) -> Tensor:
    """`base + a @ b`, with a base of None for 0."""
    return torch.mm(a, b, out=out) if base is None else torch.addmm(base, a, b, out=out)


def of_gathered(
    plan: Plan, arguments: Sequence[Tensor], first: Tensor
) -> Iterator[tuple[int, Tensor]]:
    """The gradient of each gathered argument's products, from the first layer's [M, H]."""
    if plan.rows is not None:
        for k, d in plan.host_sections(arguments, sum_items(first, plan.rows)):
            yield k, d
            if k in plan.guests:
                guest, guest_rows = plan.guests[k]
                yield guest, sum_items(d, guest_rows)
