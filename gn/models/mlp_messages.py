"""The control for `LinearMessages`: its network with a hidden layer in each message."""

from typing import ClassVar

from torch import Tensor, nn

from gn.models.linear_messages import LinearMessages, plain_mlp
from gn.topology import Incidence


class MlpMessage(nn.Module):
    """φ^e: an MLP of one hidden layer, without biases, of the edge and its sender."""

    def __init__(self, node_dim: int, dim: int) -> None:
        super().__init__()
        self.mlp = plain_mlp([dim, node_dim], [dim], dim)

    def forward(self, edge_message: Tensor, sender: tuple[Tensor, Incidence], *_: object) -> Tensor:
        """Compute messages [E, dim] from x [N, node_dim] and the part of the edge [E, dim]."""
        return self.mlp(edge_message, sender)


class MlpMessages(LinearMessages):
    """m_k = φ^e(B e_k⁰, [x⁰, x]_s);  x_i' = φ^v([x⁰, x]_i, max_k m_k);  answers read e⁰, x_s, x_r.

    The difference to `LinearMessages`, which has the same arguments, measures the effect of
    linearity. Source: this suite; Xu et al. 2021 ("How neural networks extrapolate"), section 4,
    for what to expect.
    """

    message: ClassVar[type[nn.Module]] = MlpMessage
