"""Every formula is satisfiable: the better of the two answers that look at nothing."""

from torch_geometric.data import Batch

from data_gen.spec import GraphOutput
from gn.formula import NODES
from gn.heuristic import Heuristic
from gn.model import Steps


class Majority(Heuristic):
    """x_i' = 1.

    All literals vote for "satisfiable", whatever the formula: of a law of pairs that is half of the
    answers. (`zero` has the logit 0 and says "unsatisfiable" to all.) It has no parameters:
    `train.skip=true`. Source: none, the majority class where half of the formulas or more have a
    model.

    Args:
        spec: a vote of every node, and no other answer.
    """

    node_types = NODES

    def forward(self, batch: Batch, num_message_passing_steps: Steps = None) -> GraphOutput:
        """Votes [N, 1], all 1."""
        del num_message_passing_steps
        return GraphOutput(x=batch.x.new_ones(len(batch.x), 1))
