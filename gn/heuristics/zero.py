"""The answer 0, the baseline that every model is compared to."""

import torch
from torch import Tensor
from torch_geometric.data import Batch

from data_gen.spec import GraphOutput, GraphSpec
from gn.model import GraphModel, Steps


class Zero(GraphModel):
    """x_i' = 0, e_k' = 0, u' = 0.

    If a task asks for changes, nothing changes: a body with acceleration 0 keeps its velocity. The
    model has no parameters (`train.skip=true`). Source: the constant-velocity and static baselines
    of Battaglia et al. 2016 and Kipf et al. 2018.

    Args:
        spec: widths out.
    """

    place: Tensor

    def __init__(self, spec: GraphSpec) -> None:
        super().__init__()
        self.widths = spec.node_out, spec.edge_out, spec.global_out
        self.register_buffer("place", torch.zeros(0), persistent=False)

    def forward(self, batch: Batch, num_message_passing_steps: Steps = None) -> GraphOutput:
        """Return zeros [N, node_out], [E, edge_out], [B, global_out]; None where the width is 0."""
        del num_message_passing_steps
        parts = zip((batch.x, batch.edge_attr, batch.u), self.widths, strict=True)
        return GraphOutput(*(p.new_zeros(len(p), width) if width else None for p, width in parts))
