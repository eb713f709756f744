"""Summary of the instances of a cell: mean sizes, and the facts that its task reports."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from data_gen.packed import Packed
from data_gen.task import Task


@dataclass(frozen=True)
class CellSummary:
    """Means over the instances of a cell, and the facts that its task reports about them."""

    distribution: str
    size: int
    num_instances: int
    num_nodes: float
    num_edges: float  # directed
    mean_degree: float  # incoming edges per node
    facts: Mapping[str, float] = field(default_factory=dict)


def summarise(task: Task, distribution: str, size: int, packed: Packed) -> CellSummary:
    """Return the summary of a data set."""
    nodes, edges = packed.node_ptr.diff().double(), packed.edge_ptr.diff().double()
    return CellSummary(
        distribution=distribution,
        size=size,
        num_instances=len(packed),
        num_nodes=nodes.mean().item(),
        num_edges=edges.mean().item(),
        mean_degree=(edges / nodes).mean().item(),
        facts=task.facts(packed),
    )
