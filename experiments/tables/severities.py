"""How far the graphs of a test cell are from those of training: a table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Severity:
    """Wasserstein distances between a cell's graphs and the training set's (see `graph_shape`).

    0 where a measure is the same number in both: graphs of bodies are complete but for walls and
    anchors, so their clustering and diameter hardly change and degrees follow the size; a formula's
    graph of literals and clauses has no triangles but for a clause with a literal and its
    complement, so its clustering is 0.
    """

    task: str  # its label
    model: str  # the label of the run's method: methods of a study may differ in training
    distribution: str
    size: int
    num_instances: int  # of the cell, the first
    num_training_instances: int
    nodes_in_doublings: float
    degree_in_edges: float
    diameter_in_hops: float
    clustering: float  # of 0 to 1
    spectrum: float  # of 0 to 2
