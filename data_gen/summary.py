"""What the instances of a cell are like: size is not depth, so every cell says how deep it is."""

import math
from dataclasses import dataclass

import torch

from data_gen.packed import Packed


@dataclass(frozen=True)
class CellSummary:
    """Means over the instances of a cell; NaN where a task does not say."""

    distribution: str
    size: int
    num_instances: int
    num_nodes: float
    num_edges: float  # directed
    mean_degree: float  # incoming edges of a node
    diameter: float  # largest hop distance of an instance
    max_diameter: float
    hops: float  # edges of the shortest path asked for
    variables: float = math.nan  # of a formula
    clauses: float = math.nan
    conflicts: float = math.nan  # of a complete solver: how hard a formula is
    satisfiable: float = math.nan  # share


def summarise(distribution: str, size: int, packed: Packed) -> CellSummary:
    """The summary of a data set."""

    def values(name: str) -> torch.Tensor:
        return packed.fields.get(name, torch.tensor([torch.nan])).double()

    nodes, edges = packed.node_ptr.diff().double(), packed.edge_ptr.diff().double()
    return CellSummary(
        distribution=distribution,
        size=size,
        num_instances=len(packed),
        num_nodes=nodes.mean().item(),
        num_edges=edges.mean().item(),
        mean_degree=(edges / nodes).mean().item(),
        diameter=values("graph_diameter").mean().item(),
        max_diameter=values("graph_diameter").max().item(),
        hops=values("graph_hops").mean().item(),
        variables=values("graph_num_variables").mean().item(),
        clauses=(nodes - 2 * values("graph_num_variables")).mean().item(),
        conflicts=values("graph_conflicts").mean().item(),
        satisfiable=values("graph_is_sat").mean().item(),
    )
