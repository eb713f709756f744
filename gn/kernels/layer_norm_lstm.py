"""The LSTM cell with layer norm in one autograd function: the main cost of a recurrent network.

On a CPU one slice of the rows goes through the whole cell before the next slice, so that the output
of an operation is still in the cache when the next one reads it. A GPU processes all rows at once.

R rows, F features of the input, H width of the state; gates in the order input, forget, output,
candidate.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from gn.kernels.fused_mlp import slices
from gn.kernels.plain import chosen
from gn.kernels.segment import Context

GATES = 4
SIGMOIDS = 3  # input, forget, output
FORGET_BIAS = 1.0
EPS = 1e-5

_aten = torch.ops.aten


class LayerNormLSTMCell(nn.Module):
    """c' = LN(σ(f + 1) c + σ(i) relu(g));  h' = σ(o) relu(c'), each gate LN(W [x, h]) by itself.

    The norms keep the state bounded for any number of steps, although relu is unbounded.
    Source: TensorFlow's `LayerNormBasicLSTMCell` as Selsam et al. 2019 use it (Ba et al. 2016).

    Args:
        input_dim: width F of the input.
        hidden_dim: width H of the state.
    """

    forget_bias: Tensor

    def __init__(self, input_dim: int, hidden_dim: int) -> None:
        super().__init__()
        self.input_weight = nn.Parameter(torch.empty(GATES, hidden_dim, input_dim))
        self.hidden_weight = nn.Parameter(torch.empty(GATES, hidden_dim, hidden_dim))
        self.gate_scale = nn.Parameter(torch.ones(GATES, 1, hidden_dim))
        self.gate_shift = nn.Parameter(torch.zeros(GATES, 1, hidden_dim))
        self.cell_scale = nn.Parameter(torch.ones(hidden_dim))
        self.cell_shift = nn.Parameter(torch.zeros(hidden_dim))
        forget_bias = torch.zeros(GATES, 1, 1)
        forget_bias[1] = FORGET_BIAS
        self.register_buffer("forget_bias", forget_bias, persistent=False)
        for weight in (self.input_weight, self.hidden_weight):  # Glorot, as one matrix
            bound = (6 / (input_dim + hidden_dim + GATES * hidden_dim)) ** 0.5
            nn.init.uniform_(weight, -bound, bound)

    def forward(
        self, x: Tensor, state: tuple[Tensor, Tensor], *, is_plain: bool | None = None
    ) -> tuple[Tensor, Tensor]:
        """Compute the new state.

        Args:
            x: input [R, F].
            state: h and c, each [R, H].
            is_plain: the path to take, see `plain.py`; None: the one chosen by `plain`.

        Returns:
            h' and c', each [R, H].
        """
        if chosen(is_plain):
            return self._plain(x, *state)
        dtype = self.gate_scale.dtype
        if torch.is_autocast_enabled(x.device.type) and dtype != torch.float64:
            dtype = torch.get_autocast_dtype(x.device.type)  # of the matrix products only
        weights = (_centred(w).to(dtype) for w in (self.input_weight, self.hidden_weight))
        shift = self.gate_shift + self.forget_bias
        return _Cell.apply(  # pyright: ignore[reportReturnType]
            x.to(dtype), *state, *weights, self.gate_scale, shift, self.cell_scale, self.cell_shift
        )

    def _plain(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the new state with torch's own operations, one line per equation."""
        z = x @ self.input_weight.mT + h @ self.hidden_weight.mT  # [4, R, H]
        normed = nn.functional.layer_norm(z, z.shape[-1:], eps=EPS)
        i, f, o, g = normed * self.gate_scale + self.gate_shift + self.forget_bias
        c = f.sigmoid() * c + i.sigmoid() * g.relu()
        c = nn.functional.layer_norm(c, c.shape[-1:], self.cell_scale, self.cell_shift, EPS)
        return o.sigmoid() * c.relu(), c


def _centred(weight: Tensor) -> Tensor:
    """Centre each gate's weight [4, H, F] over its outputs, as the layer norm would."""
    return weight - weight.mean(dim=1, keepdim=True)


class _Cell(Function):
    """The cell on centred weights: a gate's norm is then a division by its root mean square."""

    @staticmethod
    def forward(ctx: Context, *tensors: Tensor) -> tuple[Tensor, Tensor]:
        x, h, c, of_x, of_h, scale, shift, cell_scale, cell_shift = tensors
        rows, dim = h.shape
        low = h.to(x.dtype)
        gates, activated = h.new_empty(GATES, rows, dim), h.new_empty(GATES, rows, dim)
        gate_rate, rate = h.new_empty(GATES, rows, 1), h.new_empty(rows, 1)
        normed, new_c, new_h = (torch.empty_like(h) for _ in range(3))
        for at in slices(rows, GATES * dim, h):
            z, a, u, m = gates[:, at], activated[:, at], new_c[at], normed[at]
            for k in range(GATES):
                _set_product(z[k], x[at], of_x[k].t())
                _add_product(z[k], low[at], of_h[k].t())
            z.mul_(_rate(z, gate_rate[:, at]))
            torch.addcmul(shift, z, scale, out=a)
            a[:SIGMOIDS].sigmoid_()
            a[SIGMOIDS].relu_()
            torch.mul(a[1], c[at], out=u).addcmul_(a[0], a[3])
            torch.sub(u, u.mean(dim=1, keepdim=True), out=m)
            m.mul_(_rate(m, rate[at]))
            torch.addcmul(cell_shift, m, cell_scale, out=u)
            torch.clamp_min(u, 0, out=new_h[at])
            new_h[at].mul_(a[2])
        ctx.save_for_backward(*tensors, gates, activated, gate_rate, normed, rate, new_c)
        return new_h, new_c

    @staticmethod
    @once_differentiable
    def backward(ctx: Context, *grads: Tensor) -> tuple[Any, ...]:  # pyright: ignore
        x, h, c, of_x, of_h, scale, _, cell_scale, _ = ctx.saved_tensors[:9]
        gates, activated, gate_rate, normed, rate, new_c = ctx.saved_tensors[9:]
        rows, dim = h.shape
        d_x, d_h, d_c = (torch.empty_like(t) for t in (h.new_empty(x.shape), h, c))
        low = h.to(x.dtype)
        of = [torch.zeros_like(t, dtype=h.dtype) for t in ctx.saved_tensors[3:9]]
        for at in slices(rows, GATES * dim, h):
            n, a, m = gates[:, at], activated[:, at], normed[at]
            from_h = grads[0][at]
            d = _aten.threshold_backward(from_h * a[2], new_c[at], 0).add_(grads[1][at])
            of[4] += (d * m).sum(0)
            of[5] += d.sum(0)
            d.mul_(cell_scale)
            along = (d * m).mean(dim=1, keepdim=True)
            d.sub_(d.mean(dim=1, keepdim=True)).addcmul_(m, along, value=-1).mul_(rate[at])
            torch.mul(d, a[1], out=d_c[at])
            e = torch.empty_like(n, memory_format=torch.contiguous_format)  # gradient of the gates
            torch.mul(d, a[3], out=e[0])
            torch.mul(d, c[at], out=e[1])
            torch.mul(from_h, new_c[at].clamp_min(0), out=e[2])
            torch.mul(d, a[0], out=e[3])
            _aten.sigmoid_backward.grad_input(e[:SIGMOIDS], a[:SIGMOIDS], grad_input=e[:SIGMOIDS])
            _aten.threshold_backward.grad_input(e[3], a[3], 0, grad_input=e[3])
            of[3] += e.sum(1, keepdim=True)
            en = e * n
            of[2] += en.sum(1, keepdim=True)
            e.mul_(scale)
            along = en.mul_(scale).mean(dim=2, keepdim=True)
            e.addcmul_(n, along, value=-1).mul_(gate_rate[:, at])
            e = e.to(x.dtype)
            for k in range(GATES):
                _add_product(of[0][k], e[k].t(), x[at])
                _add_product(of[1][k], e[k].t(), low[at])
                for d, weight in ((d_x[at], of_x[k]), (d_h[at], of_h[k])):
                    (_add_product if k else _set_product)(d, e[k], weight)
        return d_x.to(x.dtype), d_h, d_c, *(t.to(of_x.dtype) for t in of[:2]), *of[2:]


def _set_product(out: Tensor, a: Tensor, b: Tensor) -> None:
    """Set `out` to a b, computed in the precision of a and b."""
    out.copy_(torch.mm(a, b)) if a.dtype != out.dtype else torch.mm(a, b, out=out)


def _add_product(out: Tensor, a: Tensor, b: Tensor) -> None:
    """Add a b, computed in the precision of a and b, to `out`."""
    out.add_(torch.mm(a, b)) if a.dtype != out.dtype else out.addmm_(a, b)


def _rate(values: Tensor, out: Tensor) -> Tensor:
    """Write 1 / the root mean square over the last dimension to `out`."""
    torch.linalg.vector_norm(values, dim=-1, keepdim=True, out=out)
    return out.square_().div_(values.shape[-1]).add_(EPS).rsqrt_()
