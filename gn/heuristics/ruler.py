"""Shortest-path answers from straight-line distances alone, without message passing."""

import torch
from torch import Tensor
from torch_geometric.data import Batch

from data_gen.spec import GraphOutput, GraphSpec
from gn.kernels.segment import gather
from gn.model import GraphModel, Steps
from gn.query import check_query, pointed, query_of
from gn.topology import Topology


class Ruler(GraphModel):
    """e_k' = m_s - (λ d_k + |x_r - x_end|), λ = 1 or 0, m_s the least of the sender's edges.

    The best edge minimises its length plus the straight-line distance from its receiver to the end;
    without lengths (λ = 0, `greedy`) it leads to the neighbour nearest to the end. The model has no
    parameters (`train.skip=true`). Source: Hart, Nilsson and Raphael 1968 (the estimate of A*);
    without lengths Finn 1987, "Routing and addressing problems in large metropolitan-scale
    internetworks" (greedy geographic routing).

    Args:
        spec: the spec of a path task with next hops, or with labels of nodes and edges.
        reads_lengths: whether the length d_k of the edge counts (λ = 1).
    """

    place: Tensor

    def __init__(self, spec: GraphSpec, reads_lengths: bool = True) -> None:
        super().__init__()
        self.check_spec(spec)
        self.spec, self.reads_lengths = spec, reads_lengths
        self.register_buffer("place", torch.zeros(0), persistent=False)

    @classmethod
    def check_spec(cls, spec: GraphSpec) -> None:
        """Raise ValueError for a task that is not about paths."""
        check_query(spec)

    def forward(self, batch: Batch, num_message_passing_steps: Steps = None) -> GraphOutput:
        """Return logits [E, 1], or labels [N, 1], [E, 1]."""
        del num_message_passing_steps
        topology = Topology.from_batch(batch)
        query = query_of(batch, self.spec, topology)
        way = gather(query.x, topology.receivers)
        if self.reads_lengths:
            way = query.edge_length + way
        return pointed(way, query, self.spec, topology)
