"""Scaled dot-product attention along the edges of a graph."""

import math

from torch import Tensor, nn

from gn.kernels.segment import gather, segment_softmax, segment_sum
from gn.model import check_heads
from gn.topology import Topology


class EdgeAttention(nn.Module):
    """incoming_i = W_o [Σ_k softmax_k(q_i · k_s / √d) v_s of each head], over the edges k into i.

    The attention of a transformer, restricted to the senders of each node; on a complete graph with
    self-loops it is the attention of a transformer. Source: Vaswani et al. 2017, section 3.2.

    Args:
        dim: width of states, and of all heads together.
        heads: the number of heads.

    Raises:
        ValueError: `heads` does not divide `dim`.
    """

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        check_heads(dim, heads)
        self.heads = heads
        self.query, self.key, self.value = (nn.Linear(dim, dim, bias=False) for _ in range(3))
        self.out = nn.Linear(dim, dim, bias=False)

    def forward(self, x: Tensor, topology: Topology) -> Tensor:
        """Attend from each node to its senders: x [N, dim] -> [N, dim]; 0 without senders."""
        t = topology
        shape = t.senders.num_items, self.heads, x.shape[1] // self.heads
        query = gather(self.query(x), t.receivers).view(shape)  # [E, heads, d]
        key = gather(self.key(x), t.senders).view(shape)
        value = gather(self.value(x), t.senders).view(shape)
        scores = (query * key).sum(2) / math.sqrt(shape[2])
        attention = segment_softmax(scores, t.receivers)  # [E, heads]
        messages = attention.unsqueeze(2).to(value.dtype) * value
        return self.out(segment_sum(messages.flatten(1), t.receivers))
