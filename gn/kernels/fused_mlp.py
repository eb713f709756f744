"""All layers of an MLP in one autograd function, with a hand-written backward.

On a CPU forward and backward process one slice of the items through all layers before the next
slice, so that the output of a layer is still in the cache when the next layer reads it. A GPU
processes all items at once.

M items (rows of the result), R rows of a gathered argument, F its features, H features of a layer.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from gn.kernels.gather import Plan, host_products, of_gathered
from gn.kernels.segment import Context, gather_rows, sum_items

SLICE_BYTES = 2**21  # per layer, on a CPU: larger slices leave the cache, smaller ones cost calls
EVERYTHING = slice(0, None)


class Activation(NamedTuple):
    """An activation h = f(z) and its backward, which works in place and reads either h or z."""

    apply: Callable[[Tensor], Tensor]  # z -> h; in place if the backward reads h
    backward: Callable[[Tensor, Tensor], Tensor]  # gradient of h, h (or z) -> gradient of z
    slope_of_argument: bool = False  # whether the backward reads z, which is kept instead of h


def slices(num_items: int, width: int, like: Tensor) -> list[slice]:
    """Split the items into equal slices whose `width` features fit the cache; one on a GPU."""
    num_slices = -(-num_items * width * like.element_size() // SLICE_BYTES)
    if num_slices <= 1 or like.device.type != "cpu":
        return [EVERYTHING]
    step = -(-num_items // num_slices)
    return [slice(i, i + step) for i in range(0, num_items, step)]


def _slices(num_items: int, biases: Sequence[Tensor]) -> list[slice]:
    """Split the items into slices for which the widest layer fits the cache."""
    return slices(num_items, max(bias.shape[0] for bias in biases), biases[0])


def _at(tensor: Tensor, items: slice) -> Tensor:
    """Return `tensor[items]`; the tensor itself if the slice is everything."""
    return tensor if items is EVERYTHING else tensor[items]


class _MLP(Function):
    @staticmethod
    def forward(
        ctx: Context, plan: Plan, activation: Activation, *tensors: Tensor
    ) -> tuple[Tensor, Tensor | None]:
        arguments, weights, biases = plan.unpack(tensors)
        parts = (
            weights[0].t().split_with_sizes([a.shape[1] for a in arguments])
        )  # [F, H] of each argument
        table = host_products(plan, arguments, parts, biases[0])
        out = weights[-1].new_empty(plan.num_items(arguments), weights[-1].shape[0])
        hidden: list[Tensor] = []  # of every layer, slice by slice
        for items in _slices(out.shape[0], biases):
            h = None if plan.rows is None else gather_rows(table, plan.rows, items)
            for k in plan.direct:
                a = _at(arguments[k], items)
                h = torch.addmm(biases[0], a, parts[k]) if h is None else h.addmm_(a, parts[k])
            for weight, bias in zip(weights[1:], biases[1:], strict=True):
                assert h is not None
                hidden.append(h)  # z or, if the activation works in place, h
                h = activation.apply(h)
                place = _at(out, items) if weight is weights[-1] else None
                h = torch.addmm(bias, h, weight.t(), out=place)
            if len(weights) == 1 and h is not None:
                out[items] = h
        ctx.plan, ctx.activation = plan, activation
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(*tensors, *hidden)
        return out, None if plan.sum_by is None else sum_items(out, plan.sum_by)

    @staticmethod
    @once_differentiable
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx: Context, *grads: Tensor | None
    ) -> tuple[Any, ...]:
        plan: Plan = ctx.plan
        if grads[0] is None and grads[1] is None:
            return (None,) * len(ctx.needs_input_grad)
        tensors, arguments = ctx.saved_tensors, plan.unpack(ctx.saved_tensors)[0]
        hidden = iter(tensors[plan.num_arguments + 2 * plan.num_layers :])
        of = _Gradients(plan, ctx.activation, tensors, ctx.needs_input_grad[2:])
        for items in _slices(of.first.shape[0], of.biases):
            d = _of_results(plan, grads, items)
            layers = [next(hidden) for _ in range(1, plan.num_layers)]
            for k in range(len(layers), 0, -1):
                d = of.add_layer(k, d, layers[k - 1], items)
            if not layers:
                of.first[items] = d
            for k in plan.direct:
                of.add_argument(k, d, arguments[k], items)
        gathered = dict(of_gathered(plan, arguments, of.first))
        for k, d in gathered.items():
            of.add_argument(k, d, arguments[k], EVERYTHING)
        torch.sum(gathered[plan.hosts[0]] if gathered else of.first, 0, out=of.biases[0])
        return None, None, *of.arguments, *of.weights, *of.biases


class _Gradients:
    """The gradients of an MLP's tensors, accumulated over the slices of items."""

    def __init__(
        self,
        plan: Plan,
        activation: Activation,
        tensors: Sequence[Tensor],
        needs: Sequence[bool],
    ) -> None:
        arguments, self.of_weights, biases = plan.unpack(tensors)
        self.activation = activation
        self.arguments = [
            torch.empty_like(a) if n else None for a, n in zip(arguments, needs, strict=False)
        ]
        self.weights = [torch.empty_like(w) for w in self.of_weights]
        self.biases = [torch.zeros_like(b) for b in biases]
        widths = [a.shape[1] for a in arguments]
        self.of_parts = self.of_weights[0].split_with_sizes(widths, 1)  # [H, F] of each argument
        self.parts = self.weights[0].split_with_sizes(widths, 1)
        self.first = biases[0].new_empty(plan.num_items(arguments), biases[0].shape[0])  # [M, H]

    def add_layer(self, k: int, d: Tensor, kept: Tensor, items: slice) -> Tensor:
        """Add layer k > 0, from the gradient of its results; return that of the previous layer."""
        h = self.activation.apply(kept) if self.activation.slope_of_argument else kept
        self.weights[k].addmm_(d.t(), h, beta=float(items.start > 0))
        self.biases[k] += d.sum(0)
        d = torch.mm(d, self.of_weights[k], out=_at(self.first, items) if k == 1 else None)
        return self.activation.backward(d, kept)

    def add_argument(self, k: int, d: Tensor, argument: Tensor, items: slice) -> None:
        """Add argument k and its part of the first weight, from the gradient of its products."""
        self.parts[k].addmm_(d.t(), _at(argument, items), beta=float(items.start > 0))
        if (of_argument := self.arguments[k]) is not None:
            torch.mm(d, self.of_parts[k], out=_at(of_argument, items))


def _of_results(plan: Plan, grads: Sequence[Tensor | None], items: slice) -> Tensor:
    """Return the gradient of the items' results: their own plus that of their sums."""
    own, of_sums = grads
    if of_sums is None or plan.sum_by is None:
        assert own is not None
        return _at(own, items)
    d = gather_rows(of_sums, plan.sum_by, items)
    return d if own is None else d.add_(_at(own, items))


def fused_mlp(
    plan: Plan, activation: Activation, tensors: Sequence[Tensor]
) -> tuple[Tensor, Tensor | None]:
    """Apply an MLP to its concatenated arguments, without concatenating or copying any argument.

    Args:
        plan: how each argument is read, and along which map the results are summed.
        activation: the activation between two layers.
        tensors: the arguments, [M, F] or [R, F]; the weights, [H, sum of F] and [H, H]; the biases.

    Returns:
        The results [M, H] and, if the plan asks for them, their sums [R, H]; in the dtype of the
        arguments, or autocast's.
    """
    device = tensors[-1].device.type
    if torch.is_autocast_enabled(device) and tensors[-1].dtype != torch.float64:
        dtype = torch.get_autocast_dtype(device)
        tensors = [tensor.to(dtype) for tensor in tensors]
    return _MLP.apply(plan, activation, *tensors)  # pyright: ignore[reportReturnType]
