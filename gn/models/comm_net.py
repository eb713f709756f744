"""CommNet: each node receives the mean of its senders' states."""

from torch import nn

from data_gen.spec import GraphSpec
from gn.aggregation import Mean
from gn.kernels.segment import gather
from gn.readout import State, ends
from gn.stepped import SteppedModel
from gn.topology import Topology


class CommNet(SteppedModel):
    """x_i' = tanh(A x_i + C mean_k x_s + D x_i⁰): linear but for the tanh.

    Edge attributes are read by the readout alone. Source: Sukhbaatar et al. 2016, the controller
    structure with two of its extensions: local connectivity and skip connections.

    Args:
        spec: widths in and out.
        hidden_dim: width H of states and hidden layers.
        num_message_passing_steps: the default number of steps.
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
        """Run one round of communication."""
        del index
        heard = self.mean(gather(state.x, topology.senders), topology.receivers)
        x = self.own(state.x) + self.heard(heard) + self.first(encoded.x)
        return state._replace(x=x.tanh())
