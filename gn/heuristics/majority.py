"""The constant answer "satisfiable" for every formula."""

from torch_geometric.data import Batch

from data_gen.spec import GraphOutput
from gn.formula import NODES
from gn.heuristic import Heuristic
from gn.model import Steps


class Majority(Heuristic):
    """x_i' = 1.

    All literals vote for "satisfiable", which is right for half of the formulas of a distribution
    of pairs. (`zero` has the logit 0, which counts as "unsatisfiable".) The model has no parameters
    (`train.skip=true`). Source: none, the majority class where half of the formulas or more have a
    model.

    Args:
        spec: the spec of a formula task that asks for a vote of every node and no other answer.
    """

    node_types = NODES

    def forward(self, batch: Batch, num_message_passing_steps: Steps = None) -> GraphOutput:
        """Return votes [N, 1], all 1."""
        del num_message_passing_steps
        return GraphOutput(x=batch.x.new_ones(len(batch.x), 1))
