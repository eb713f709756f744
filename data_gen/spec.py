"""What a model is told about a task: widths in, widths out. The only page shared by all parts."""

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor


@dataclass(frozen=True)
class GraphSpec:
    """Numbers of features of nodes, edges and globals, in and out; an out of 0: not asked for."""

    node_in: int
    edge_in: int
    global_in: int
    node_out: int = 0
    edge_out: int = 0
    global_out: int = 0


class GraphOutput(NamedTuple):
    """What a model answers for a batch; None where the spec asks for nothing."""

    x: Tensor | None = None  # [N, node_out]
    edge_attr: Tensor | None = None  # [E, edge_out]
    u: Tensor | None = None  # [B, global_out]
