"""Bellman and Ford's algorithm, any number of rounds of it: what as many steps could do."""

import torch
from torch import Tensor
from torch_geometric.data import Batch

from data_gen.spec import GraphOutput, GraphSpec
from gn.kernels.segment import gather, segment_max
from gn.query import Query, check_query, pointed, query_of
from gn.stepped import SteppedModel
from gn.topology import Topology

STARTS = ("nothing", "ruler")
FAR = 2.0**40  # the estimate of a node that no round has reached: a number, so that answers are


class BellmanFord(SteppedModel):
    """x_i' = min_s (d(i, s) + x_s), x_i⁰ = ∞ or |x_i - x_end|, x_end = 0; e_k' = -(d_k + x_r).

    Estimates of the length of the way to the end. From nothing they start at infinity, and after k
    rounds are right where the shortest way has at most k edges; the answer sees one edge further.
    From a ruler they start at the straight line, which is never too long where lengths are
    distances. Of nodes that are not reached all edges are alike, and the first is taken. It has no
    parameters: `train.skip=true`. Source: Bellman 1958, "On a routing problem"; Ford 1956, "Network
    flow theory"; from a ruler the start of Hart, Nilsson and Raphael 1968 (A*).

    Args:
        spec: next hops, or labels of nodes and edges, of queries for a path.
        num_message_passing_steps: how many rounds if the call does not say.
        start: "nothing" or "ruler".
    """

    place: Tensor

    def __init__(
        self, spec: GraphSpec, num_message_passing_steps: int = 12, start: str = "nothing"
    ) -> None:
        super().__init__(num_message_passing_steps, None)
        self.check_spec(spec)
        if start not in STARTS:
            raise ValueError(f"start is {start!r}: one of {STARTS} is needed")
        self.spec, self.start = spec, start
        self.register_buffer("place", torch.zeros(0), persistent=False)

    @classmethod
    def check_spec(cls, spec: GraphSpec) -> None:
        """Queries for a path."""
        check_query(spec)

    def encode(self, batch: Batch, topology: Topology) -> Query:
        """Estimates before the first round [N, 1]."""
        query = query_of(batch, self.spec, topology)
        if self.start == "ruler":
            return query
        return query._replace(x=torch.where(query.node_is_end, 0, torch.full_like(query.x, FAR)))

    def step(self, state: Query, encoded: Query, topology: Topology, index: int) -> Query:
        """Every node asks all that its edges point to; one without edges keeps what it has."""
        del encoded, index
        shortest = -segment_max(-_ways(state, topology), topology.senders)
        is_left = topology.senders.counts > 0
        x = torch.where(is_left & ~state.node_is_end, shortest, state.x)
        return state._replace(x=x)

    def decode(self, state: Query, encoded: Query, topology: Topology) -> GraphOutput:
        """The shorter the way by an edge, the better the edge."""
        del encoded
        return pointed(-_ways(state, topology), state, self.spec, topology)


def _ways(state: Query, topology: Topology) -> Tensor:
    """The length of the way to the end by each edge [E, 1]; FAR at the most."""
    estimate = gather(state.x, topology.receivers)
    return torch.where(estimate < FAR, state.edge_length + estimate, FAR)
