"""GraphSpec: the widths of a task's inputs and outputs, the only module that all parts share."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, NamedTuple

from torch import Tensor

CERTAIN = 30.0  # a logit that leaves no doubt in float32


BodyState = tuple[Tensor, Tensor]  # positions and velocities, [N, d] each, in units of the scene
AnyBatch = Any  # a PyG batch; this module does not import PyG


class Mechanics(ABC):
    """The law by which bodies move, for models that compute the answer instead of learning it.

    The parameters of the law are fields of the batch that no learned model reads. The task reads
    them here, so that one model that integrates is correct for all laws. A batch has N nodes in d
    dimensions.

    Attributes:
        num_frames: the number of frames from the observed moment to the one to predict.
    """

    num_frames: int

    @abstractmethod
    def state(self, batch: AnyBatch) -> BodyState:
        """Return the observed state."""

    @abstractmethod
    def time_step(self, batch: AnyBatch) -> Tensor:
        """Return the time between two frames for each body [N, 1]."""

    @abstractmethod
    def acceleration(self, batch: AnyBatch, state: BodyState) -> Tensor:
        """Return the accelerations [N, d] by the true law in a state; 0 for pinned bodies."""

    @abstractmethod
    def answer(self, batch: AnyBatch, state: BodyState) -> Tensor:
        """Return the answer [N, d] of which `state` is the state after `num_frames` frames."""


@dataclass(frozen=True)
class GraphSpec:
    """The numbers of node, edge and global features, in and out; an output of width 0 is absent.

    The first `position_dim` columns of x are the coordinates of the node in space. If the task has
    time, x holds `num_frames` moments of equal width side by side, the oldest first.

    If there are several kinds of nodes or edges, `node_types` and `edge_types` name them, the batch
    has their numbers as `node_type` [N] and `edge_type` [E], and x and edge_attr begin with one
    column for each kind.

    If nodes have positions, some features may be vectors of the same space: `node_vectors` vectors
    follow the position in x, edge_attr begins with `edge_vectors` vectors, and with `is_vector` the
    answer of a node is a vector. Vectors rotate with the positions.

    Two parts are for models that compute the answer instead of learning it: `node_names` and
    `edge_names` name the last columns of x and edge_attr, and `mechanics` holds the law by which
    bodies move. Models that learn use neither.
    """

    node_in: int
    edge_in: int
    global_in: int
    node_out: int = 0
    edge_out: int = 0
    global_out: int = 0
    position_dim: int = 0
    num_frames: int = 1
    node_vectors: int = 0
    edge_vectors: int = 0
    is_vector: bool = False
    node_types: tuple[str, ...] = ()
    edge_types: tuple[str, ...] = ()
    node_names: tuple[str, ...] = ()
    edge_names: tuple[str, ...] = ()
    mechanics: Mechanics | None = None

    @property
    def asked(self) -> tuple[int, int, int]:
        """The widths of the answer: node_out, edge_out, global_out."""
        return self.node_out, self.edge_out, self.global_out

    def node_column(self, name: str) -> int:
        """Return the column of x with a name; raise ValueError if there is none."""
        return self.node_in - len(self.node_names) + self.node_names.index(name)

    def edge_column(self, name: str) -> int:
        """Return the column of edge_attr with a name; raise ValueError if there is none."""
        return self.edge_in - len(self.edge_names) + self.edge_names.index(name)


class GraphOutput(NamedTuple):
    """The output of a model for a batch; None for outputs that the spec does not request."""

    x: Tensor | None = None  # [N, node_out]
    edge_attr: Tensor | None = None  # [E, edge_out]
    u: Tensor | None = None  # [B, global_out]
    states: Tensor | None = None  # [N, H], the final hidden states of the nodes, for analysis
