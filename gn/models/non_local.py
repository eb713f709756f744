"""The non-local network: each node attends to its senders."""

from torch import nn

from data_gen.spec import GraphSpec
from gn.attention import EdgeAttention
from gn.mlp import MLP
from gn.readout import State, ends
from gn.stepped import SteppedModel
from gn.topology import Topology


class NonLocal(SteppedModel):
    """w_k = exp(q_r · k_s / √d);  y_i = x_i + W Σ_k w_k v_s / Σ_k w_k;  x_i' = y_i + φ^v(y_i).

    φ^e and ρ are dot-product attention. Edge attributes, such as lengths, are read by the readout
    alone. Attention and φ^v read layer-normalised states. Source: Wang et al. 2018; Vaswani et al.
    2017; Battaglia et al. 2018, figure 4d.

    Args:
        spec: widths in and out.
        hidden_dim: width H of states and hidden layers, of all heads together.
        num_message_passing_steps: the default number of steps.
        heads: the number of attention heads, a divisor of `hidden_dim`.
    """

    def __init__(
        self,
        spec: GraphSpec,
        hidden_dim: int = 48,
        num_message_passing_steps: int = 10,
        heads: int = 4,
    ) -> None:
        super().__init__(num_message_passing_steps, ends(spec, hidden_dim))
        self.attention = EdgeAttention(hidden_dim, heads)
        self.update_node = MLP([hidden_dim], [hidden_dim], hidden_dim)
        self.norms = nn.ModuleList(nn.LayerNorm(hidden_dim) for _ in range(2))

    def step(self, state: State, encoded: State, topology: Topology, index: int) -> State:
        """Attend, then update."""
        del encoded, index
        x = state.x + self.attention(self.norms[0](state.x), topology)
        return state._replace(x=x + self.update_node(self.norms[1](x)))
