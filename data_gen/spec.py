"""What a model is told about a task: widths in, widths out. The only page shared by all parts."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, NamedTuple

from torch import Tensor

CERTAIN = 30.0  # a logit that leaves no doubt in float32


BodyState = tuple[Tensor, Tensor]  # positions and velocities, [N, d] each, in units of the scene
AnyBatch = Any  # a batch of PyG, without which this page does


class Mechanics(ABC):
    """The law by which bodies move, for models that compute instead of learning.

    The law stands in fields of the batch that no learned model reads, and the task knows how to
    read them; so one model that integrates is right for all laws, and knows none. N nodes, d
    coordinates.

    Attributes:
        num_frames: from the moment that is seen to the one that is asked for.
    """

    num_frames: int

    @abstractmethod
    def state(self, batch: AnyBatch) -> BodyState:
        """The state that is seen."""

    @abstractmethod
    def time_step(self, batch: AnyBatch) -> Tensor:
        """The time between two frames, for each body [N, 1]."""

    @abstractmethod
    def acceleration(self, batch: AnyBatch, state: BodyState) -> Tensor:
        """What the true law does to bodies in a state [N, d]; 0 for those that never move."""

    @abstractmethod
    def answer(self, batch: AnyBatch, state: BodyState) -> Tensor:
        """The answer [N, d] that says: in `num_frames` frames the bodies are in this state."""


@dataclass(frozen=True)
class GraphSpec:
    """Numbers of features of nodes, edges and globals, in and out; an out of 0: not asked for.

    The first `position_dim` columns of x are the coordinates of the node in space; where the task
    has time, x holds `num_frames` moments of equal width side by side, the oldest first.

    Where there are several kinds of nodes or edges, `node_types` and `edge_types` name them, the
    batch has their numbers as `node_type` [N] and `edge_type` [E], and x and edge_attr begin with
    one column for each kind.

    Where nodes have positions, some attributes may be vectors of the same space: `node_vectors` of
    them follow the position in x, edge_attr begins with `edge_vectors` of them, and with
    `is_vector` the answer of a node is one. They turn with the positions.

    What a model needs that computes the answer instead of learning it: `node_names` and
    `edge_names` name the last columns of x and edge_attr, and `mechanics` knows the law by which
    bodies move. Models that learn see neither.
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
        """The column of x of that name; ValueError if there is none."""
        return self.node_in - len(self.node_names) + self.node_names.index(name)

    def edge_column(self, name: str) -> int:
        """The column of edge_attr of that name; ValueError if there is none."""
        return self.edge_in - len(self.edge_names) + self.edge_names.index(name)


class GraphOutput(NamedTuple):
    """What a model answers for a batch; None where the spec asks for nothing."""

    x: Tensor | None = None  # [N, node_out]
    edge_attr: Tensor | None = None  # [E, edge_out]
    u: Tensor | None = None  # [B, global_out]
    states: Tensor | None = None  # [N, H], of the nodes at the end: for those who look inside
