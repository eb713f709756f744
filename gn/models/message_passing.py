"""The message-passing neural network of quantum chemistry: messages, their sum, a gated update."""

from collections.abc import Sequence

from data_gen.spec import GraphSpec
from gn.aggregation import aggregation
from gn.block import GraphNetworkBlock
from gn.mlp import MLP
from gn.readout import State, ends
from gn.recurrent import GatedUpdate
from gn.stepped import SteppedModel
from gn.topology import Topology


class MessagePassing(SteppedModel):
    """m_k = φ^e(e_k⁰, x_s, x_r);  x_i' = GRU(Σ_k m_k, x_i);  answers read ρ(x).

    Edges keep their encoding and there is no global state; a graph's answer reads all its nodes.
    Source: Gilmer et al. 2017, equations 1-3; Battaglia et al. 2018, figure 4c.

    Args:
        spec: widths in and out.
        hidden_dim: width H of states and hidden layers.
        num_message_passing_steps: the default number of steps.
        aggregations: the reductions of messages, concatenated.
    """

    def __init__(
        self,
        spec: GraphSpec,
        hidden_dim: int = 40,
        num_message_passing_steps: int = 10,
        aggregations: str | Sequence[str] = ("sum",),
    ) -> None:
        super().__init__(num_message_passing_steps, ends(spec, hidden_dim))
        dim = hidden_dim
        incoming = aggregation(aggregations, dim)
        self.block = GraphNetworkBlock(
            update_edge=MLP([dim, dim, dim, 0], [dim], dim),
            update_node=GatedUpdate(incoming, dim),
            aggregate_incoming=incoming,
        )

    def step(self, state: State, encoded: State, topology: Topology, index: int) -> State:
        """Run one round of messages."""
        del index
        x, _, _ = self.block(state.x, encoded.edge_attr, None, topology)
        return state._replace(x=x)
