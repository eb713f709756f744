"""CommNet: agents that hear the mean of what their neighbours think."""

from torch import nn

from data_gen.spec import GraphSpec
from gn.aggregation import Mean
from gn.kernels.segment import gather
from gn.readout import State, ends
from gn.stepped import SteppedModel
from gn.topology import Topology


class CommNet(SteppedModel):
    """x_i' = tanh(A x_i + C mean_k x_s + D x_i⁰): linear in everything but the tanh.

    Of an edge only its ends are read. Source: Sukhbaatar et al. 2016, the controller structure with
    two of its extensions: local connectivity and skip connections.

    Args:
        spec: widths in and out.
        hidden_dim: width H of states and hidden layers.
        num_message_passing_steps: how many steps are taken if the call does not say.
    """

    def __init__(
        self, spec: GraphSpec, hidden_dim: int = 56, num_message_passing_steps: int = 10
    ) -> None:
        super().__init__(num_message_passing_steps, ends(spec, hidden_dim))
        self.own = nn.Linear(hidden_dim, hidden_dim)
        self.heard = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.first = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.mean = Mean(hidden_dim)

    def step(self, state: State, encoded: State, topology: Topology, index: int) -> State:
        """One round of talk."""
        del index
        heard = self.mean(gather(state.x, topology.senders), topology.receivers)
        x = self.own(state.x) + self.heard(heard) + self.first(encoded.x)
        return state._replace(x=x.tanh())
