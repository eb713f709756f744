"""The nearest-neighbour tour: always go to the nearest point that is left."""

from typing import ClassVar

from torch_geometric.data import Batch

from data_gen.spec import GraphOutput
from gn.heuristic import Heuristic
from gn.model import Steps

NODES = ("here", "start", "left", "visited")  # the kinds of nodes of a tour that is under way
DISTANCE = len(NODES)  # the column of x that is the distance from here


class NearestNeighbour(Heuristic):
    """x_i' = -d(here, i).

    The model has no parameters (`train.skip=true`). Source: Rosenkrantz, Stearns and Lewis 1977,
    "An analysis of several heuristics for the traveling salesman problem".

    Args:
        spec: the spec of a tour task that asks for a logit of every node and no other answer.
    """

    node_types: ClassVar[tuple[str, ...]] = NODES

    def forward(self, batch: Batch, num_message_passing_steps: Steps = None) -> GraphOutput:
        """Return logits [N, 1]."""
        del num_message_passing_steps
        return GraphOutput(x=-batch.x[:, DISTANCE : DISTANCE + 1])
