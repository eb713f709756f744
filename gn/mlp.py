"""The φ of every update: an MLP of several arguments that are never concatenated or copied."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from gn.kernels.fused_mlp import Activation, fused_mlp
from gn.kernels.gather import Plan
from gn.kernels.plain import chosen
from gn.kernels.segment import gather, segment_sum
from gn.model import check_one_of
from gn.topology import Incidence

Argument = Tensor | tuple[Tensor | None, Incidence] | None  # [M, F], or [R, F] and its M -> R map

_aten = torch.ops.aten
ACTIVATIONS = {
    "relu": Activation(
        torch.relu_,
        lambda d, h: _aten.threshold_backward.grad_input(d, h, 0, grad_input=d),
    ),
    "leaky_relu": Activation(
        lambda z: nn.functional.leaky_relu_(z, 0.01),
        lambda d, h: _aten.leaky_relu_backward.grad_input(d, h, 0.01, True, grad_input=d),
    ),
    "elu": Activation(
        nn.functional.elu_,
        lambda d, h: _aten.elu_backward.grad_input(d, 1, 1, 1, True, h, grad_input=d),
    ),
    "tanh": Activation(
        torch.tanh_, lambda d, h: _aten.tanh_backward.grad_input(d, h, grad_input=d)
    ),
    "silu": Activation(
        nn.functional.silu,
        lambda d, z: _aten.silu_backward.grad_input(d, z, grad_input=d),
        slope_of_argument=True,
    ),
    "sigmoid": Activation(
        torch.sigmoid_, lambda d, h: _aten.sigmoid_backward.grad_input(d, h, grad_input=d)
    ),
}


class MLP(nn.Module):
    """The MLP on the concatenation of its arguments, computed without concatenating them.

    The layers are `nn.Linear`s in weights, initialisation and state dict; the first layer acts on
    the concatenation. The computation is in `gather.py` and `fused_mlp.py`.

    Args:
        in_dims: the width of each argument; an argument of width 0 is ignored and may be None.
        hidden_dims: the widths of the hidden layers; may be empty.
        out_dim: the width of the result; None: the last hidden layer, activated, is the result.
        activation: the activation of the hidden layers, one of `ACTIVATIONS`.
        layer_norm: whether the result is normalised, as in MeshGraphNets (Pfaff et al. 2021).
        bias: whether the layers have biases. An MLP with relu and without biases is homogeneous:
            doubled arguments give a doubled result.

    Raises:
        ValueError: the activation is unknown, or a layer has no width.
    """

    no_bias: Tensor

    def __init__(
        self,
        in_dims: Sequence[int],
        hidden_dims: Sequence[int],
        out_dim: int | None,
        activation: str = "relu",
        layer_norm: bool = False,
        bias: bool = True,
    ) -> None:
        super().__init__()
        check_one_of("activation", activation, sorted(ACTIVATIONS))
        dims = [sum(in_dims), *hidden_dims, *([] if out_dim is None else [out_dim])]
        if len(dims) < 2 or min(dims) < 1:
            raise ValueError(f"the width of each layer must be at least 1, got {dims}")
        self.in_dims = tuple(in_dims)
        self.out_dim = dims[-1]
        self.is_last_activated = out_dim is None
        self.activation = activation
        self.layers = nn.ModuleList(nn.Linear(a, b, bias) for a, b in pairwise(dims))
        self.register_buffer("no_bias", torch.zeros(max(dims[1:])), persistent=False)
        self.norm = nn.LayerNorm(dims[-1]) if layer_norm else None

    def forward(self, *arguments: Argument) -> Tensor:
        """Apply the MLP to the concatenation [a, b, ...] of its arguments.

        Args:
            *arguments: one for each of `in_dims`: a tensor [M, in_dim], or a pair of a tensor
                [R, in_dim] and the `Incidence` that maps each of the M items to the row that it
                reads. Arguments with an in_dim of 0 are ignored.

        Returns:
            [M, out_dim].

        Raises:
            ValueError: an argument does not have the width in `in_dims`.
        """
        return self._run(arguments, None)[0]

    def with_sums(self, sum_by: Incidence, *arguments: Argument) -> tuple[Tensor, Tensor]:
        """Return `forward` [M, out_dim] and its sums along a map [R, out_dim], in one pass."""
        is_plain = self.norm is None and not self.is_last_activated
        out, sums = self._run(arguments, sum_by if is_plain else None)
        return out, segment_sum(out, sum_by) if sums is None else sums

    def _run(
        self, arguments: Sequence[Argument], sum_by: Incidence | None
    ) -> tuple[Tensor, Tensor | None]:
        tensors: list[Tensor] = []
        maps: list[Incidence | None] = []
        for k, (argument, in_dim) in enumerate(zip(arguments, self.in_dims, strict=True)):
            if in_dim > 0:
                tensor, incidence = argument if isinstance(argument, tuple) else (argument, None)
                if tensor is None or tensor.shape[-1] != in_dim:
                    found = "None" if tensor is None else f"{list(tensor.shape)}"
                    raise ValueError(f"argument {k} must be [.., {in_dim}], got {found}")
                tensors.append(tensor)
                maps.append(incidence)
        if chosen(None):
            out = self._plain(tensors, maps)
            return out, None if sum_by is None else segment_sum(out, sum_by)
        tensors += [layer.weight for layer in self.layers]  # pyright: ignore
        tensors += [self._bias_of(layer) for layer in self.layers]
        plan = Plan(maps, len(self.layers), sum_by)
        out, sums = fused_mlp(plan, ACTIVATIONS[self.activation], tensors)
        if self.is_last_activated:
            out = ACTIVATIONS[self.activation].apply(out)
        return out if self.norm is None else self.norm(out), sums

    def _plain(self, tensors: Sequence[Tensor], maps: Sequence[Incidence | None]) -> Tensor:
        """Compute the MLP with torch's own operations: gather, concatenate, apply the layers."""
        gathered = [t if m is None else gather(t, m) for t, m in zip(tensors, maps, strict=True)]
        out, activate = torch.cat(gathered, dim=1), getattr(torch, self.activation, None)
        activate = activate or getattr(nn.functional, self.activation)
        for k, layer in enumerate(self.layers):
            out = layer(out)
            if k < len(self.layers) - 1 or self.is_last_activated:
                out = activate(out)
        return out if self.norm is None else self.norm(out)

    def _bias_of(self, layer: nn.Module) -> Tensor:
        assert isinstance(layer, nn.Linear)
        return self.no_bias[: layer.out_features] if layer.bias is None else layer.bias
