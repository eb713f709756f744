"""Recurrent cells as the φ of an update."""

from typing import Any

from torch import Tensor, nn

from gn.aggregation import Aggregation


class GatedUpdate(nn.Module):
    """φ^v(x_i, incoming_i) = GRU(input incoming_i, state x_i).

    Args:
        incoming: the reduction ρ that computes the input.
        dim: width of the state.
    """

    def __init__(self, incoming: Aggregation, dim: int) -> None:
        super().__init__()
        self.cell = nn.GRUCell(incoming.out_dim, dim)

    def forward(self, x: Tensor, incoming: Tensor, *_: Any) -> Tensor:  # noqa: ANN401
        """Return the new state [N, dim] from x [N, dim] and incoming [N, F]; u is not read."""
        return self.cell(incoming, x)
