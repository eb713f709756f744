"""Recurrent cells as the φ of an update."""

from typing import Any

from torch import Tensor, nn

from gn.aggregation import Aggregation


class GatedUpdate(nn.Module):
    """φ^v(x_i, incoming_i) = GRU(input incoming_i, state x_i).

    Args:
        incoming: the ρ whose result is the input.
        dim: width of the state.
    """

    def __init__(self, incoming: Aggregation, dim: int) -> None:
        super().__init__()
        self.cell = nn.GRUCell(incoming.out_dim, dim)

    def forward(self, x: Tensor, incoming: Tensor, *_: Any) -> Tensor:  # noqa: ANN401
        """The new state [N, dim], of x [N, dim] and incoming [N, F]; of u it reads nothing."""
        return self.cell(incoming, x)
