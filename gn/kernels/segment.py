"""Gathers and reductions along an `Incidence`, in a fixed order; each is the backward of the other.

M items, R rows, F features, as in `topology.py`.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from gn.kernels.plain import chosen
from gn.topology import Incidence

Context = Any  # what a forward keeps for its backward; torch has no narrower type for it
Map = Callable[[Tensor], Tensor]


def _bags(rows: Tensor, index: Tensor, pointers: Tensor) -> Tensor:
    """Sum `rows[index[pointers[k]:pointers[k + 1]]]` for every k: one kernel, no copies."""
    if index.shape[0] == 0:
        return rows.new_zeros(pointers.shape[0] - 1, rows.shape[1])
    rows = rows.detach().contiguous()
    return torch.embedding_bag(rows, index, pointers, mode=0, include_last_offset=True)[0]


def gather_rows(rows: Tensor, incidence: Incidence, items: slice = slice(None)) -> Tensor:
    """Do `gather` for the given items, without gradient; stacked maps: sum the rows of an item."""
    if incidence.starts is None:
        index = incidence.index if items.stop is None else incidence.index[items]
        return rows.index_select(0, index)
    if items.stop is None:
        return _bags(rows, incidence.index, incidence.starts)
    index = incidence.index.view(-1, 2)[items]
    return _bags(rows, index.view(-1), incidence.starts[: index.shape[0] + 1])


def sum_items(items: Tensor, incidence: Incidence) -> Tensor:
    """Do `segment_sum` without gradient."""
    return _bags(items, incidence.order, incidence.pointers)


class _Linear(Function):
    @staticmethod
    def forward(ctx: Context, rows: Tensor, there: Map, back: Map) -> Tensor:
        ctx.back = back
        return there(rows)

    @staticmethod
    @once_differentiable
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx: Context, *grads: Tensor
    ) -> tuple[Tensor, None, None]:
        return ctx.back(grads[0]), None, None


def _linear(rows: Tensor, there: Map, back: Map) -> Tensor:
    """Apply the linear map `there`; its transpose `back` is the backward."""
    return _Linear.apply(rows, there, back)  # pyright: ignore[reportReturnType]


class _Max(Function):
    @staticmethod
    def forward(ctx: Context, items: Tensor, incidence: Incidence) -> Tensor:
        index = incidence.index.unsqueeze(1).expand_as(items)
        rows = items.new_zeros(incidence.num_rows, items.shape[1])
        rows.scatter_reduce_(0, index, items, "amax", include_self=False)
        ctx.incidence = incidence
        ctx.save_for_backward(items, rows)
        return rows

    @staticmethod
    @once_differentiable
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx: Context, *grads: Tensor
    ) -> tuple[Tensor, None]:
        items, rows = ctx.saved_tensors
        incidence: Incidence = ctx.incidence
        is_largest = gather_rows(rows, incidence).eq_(items)  # [M, F] of 0 and 1
        ties = sum_items(is_largest, incidence).clamp_(min=1)
        return is_largest.mul_(gather_rows(grads[0] / ties, incidence)), None


def gather(rows: Tensor, incidence: Incidence, *, is_plain: bool | None = None) -> Tensor:
    """Read the row of each item: [R, F] -> [M, F]."""
    if chosen(is_plain):
        return rows[incidence.index]
    return _linear(rows, lambda r: gather_rows(r, incidence), lambda i: sum_items(i, incidence))


def segment_sum(items: Tensor, incidence: Incidence, *, is_plain: bool | None = None) -> Tensor:
    """Sum the items of each row: [M, F] -> [R, F]; 0 for a row without items."""
    if chosen(is_plain):
        return items.new_zeros(incidence.num_rows, items.shape[1]).index_add(
            0, incidence.index, items
        )
    return _linear(items, lambda i: sum_items(i, incidence), lambda r: gather_rows(r, incidence))


def carry(
    rows: Tensor, senders: Incidence, receivers: Incidence, *, is_plain: bool | None = None
) -> Tensor:
    """Sum the sending rows over the items of each receiving row: [S, F] -> [R, F].

    Equal to a gather followed by a sum, without a tensor of the size of the items.
    """
    if chosen(is_plain):
        return segment_sum(gather(rows, senders, is_plain=True), receivers, is_plain=True)
    return _linear(
        rows,
        lambda sent: _bags(sent, senders.index[receivers.order], receivers.pointers),
        lambda received: _bags(received, receivers.index[senders.order], senders.pointers),
    )


def segment_max(items: Tensor, incidence: Incidence, *, is_plain: bool | None = None) -> Tensor:
    """Take the maximum over the items of each row, by feature: [M, F] -> [R, F]; 0 without items.

    Items that tie share the gradient.
    """
    if chosen(is_plain):
        index = incidence.index.unsqueeze(1).expand_as(items)
        rows = items.new_zeros(incidence.num_rows, items.shape[1])
        return rows.scatter_reduce(0, index, items, "amax", include_self=False)
    return _Max.apply(items, incidence)  # pyright: ignore[reportReturnType]


def segment_softmax(scores: Tensor, incidence: Incidence) -> Tensor:
    """Compute the softmax over the items of each row, by feature: [M, F] -> [M, F].

    The largest score of the row is subtracted first, so that no exponential overflows.
    """
    largest = segment_max(scores.detach(), incidence)
    weight = (scores - gather(largest, incidence)).exp().to(scores.dtype)
    return weight / gather(segment_sum(weight, incidence), incidence)
