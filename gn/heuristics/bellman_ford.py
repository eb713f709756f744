"""The Bellman-Ford algorithm with any number of rounds: the best that as many steps can do."""

import torch
from torch import Tensor
from torch_geometric.data import Batch

from data_gen.spec import GraphOutput, GraphSpec
from gn.kernels.segment import gather
from gn.model import check_one_of
from gn.query import FAR, Query, check_query, pointed, query_of, shortest
from gn.stepped import SteppedModel
from gn.topology import Topology

STARTS = ("nothing", "ruler")


class BellmanFord(SteppedModel):
    """x_i' = min_s (d(i, s) + x_s), x_i⁰ = ∞ or |x_i - x_end|, x_end = 0; e_k' = x_s' - d_k - x_r.

    x estimates the distance to the end. With start "nothing", estimates start at infinity and after
    k rounds are exact for shortest paths of at most k edges; the answer looks one edge further.
    With start "ruler", they start at the straight-line distance, a lower bound if lengths are
    distances. All edges of a node that is not reached tie, and the first is taken. The model has no
    parameters (`train.skip=true`). Source: Bellman 1958, "On a routing problem"; Ford 1956,
    "Network flow theory"; from a ruler the start of Hart, Nilsson and Raphael 1968 (A*).

    Args:
        spec: the spec of a path task with next hops, or with labels of nodes and edges.
        num_message_passing_steps: the default number of rounds.
        start: "nothing" or "ruler".

    Raises:
        ValueError: the task is not about paths, or `start` is unknown.
    """

    place: Tensor

    def __init__(
        self, spec: GraphSpec, num_message_passing_steps: int = 12, start: str = "nothing"
    ) -> None:
        super().__init__(num_message_passing_steps, None)
        self.check_spec(spec)
        check_one_of("start", start, STARTS)
        self.spec, self.start = spec, start
        self.register_buffer("place", torch.zeros(0), persistent=False)

    @classmethod
    def check_spec(cls, spec: GraphSpec) -> None:
        """Raise ValueError for a task that is not about paths."""
        check_query(spec)

    def encode(self, batch: Batch, topology: Topology) -> Query:
        """Return the query with the estimates before the first round [N, 1]."""
        query = query_of(batch, self.spec, topology)
        if self.start == "ruler":
            return query
        return query._replace(x=torch.where(query.node_is_end, 0, torch.full_like(query.x, FAR)))

    def step(self, state: Query, encoded: Query, topology: Topology, index: int) -> Query:
        """Update each estimate from the receivers of the node's edges; keep it without edges."""
        del encoded, index
        x, hops, _ = shortest(_ways(state, topology), state, topology)
        is_left = (topology.senders.counts > 0) & ~state.node_is_end
        return state._replace(
            x=torch.where(is_left, x, state.x),
            node_hops=torch.where(is_left, hops, state.node_hops),
        )

    def decode(self, state: Query, encoded: Query, topology: Topology) -> GraphOutput:
        """Prefer the edge with the shortest way to the end."""
        del encoded
        return pointed(_ways(state, topology), state, self.spec, topology)


def _ways(state: Query, topology: Topology) -> Tensor:
    """Return the length of the way to the end through each edge [E, 1], at most FAR."""
    estimate = gather(state.x, topology.receivers)
    return torch.where(estimate < FAR, state.edge_length + estimate, FAR)
