"""The table of severities: distances between test graphs and training graphs."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Severity:
    """Wasserstein distances between a cell's graphs and the training set's (see `graph_shape`).

    A distance is 0 if a measure is the same number in both. Graphs of bodies are complete except
    for walls and anchors: clustering and diameter hardly change, and degrees follow the size. The
    literal-clause graph of a formula has triangles only at a clause with a literal and its
    complement: its clustering is 0.
    """

    task: str  # label of the task
    model: str  # label of the run: the methods of a study may differ in their training sets
    distribution: str
    size: int
    num_instances: int  # number of measured instances of the cell, the first ones
    num_training_instances: int
    nodes_in_doublings: float
    degree_in_edges: float
    diameter_in_hops: float
    clustering: float  # on a scale from 0 to 1
    spectrum: float  # on a scale from 0 to 2
