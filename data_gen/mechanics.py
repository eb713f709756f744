"""The law by which bodies move, as a task tells it to models that compute instead of learning.

N nodes, d coordinates. A state is positions and velocities, [N, d] each, in the units of the scene.
"""

from abc import ABC, abstractmethod

from torch import Tensor
from torch_geometric.data import Batch

BodyState = tuple[Tensor, Tensor]


class Mechanics(ABC):
    """What is asked about the motion of bodies, and what moves them.

    The law stands in fields of the batch that no learned model reads; so one model that integrates
    is right for all laws, and knows none.

    Attributes:
        num_frames: from the moment that is seen to the one that is asked for.
    """

    num_frames: int

    @abstractmethod
    def state(self, batch: Batch) -> BodyState:
        """The state that is seen."""

    @abstractmethod
    def time_step(self, batch: Batch) -> Tensor:
        """The time between two frames, for each body [N, 1]."""

    @abstractmethod
    def acceleration(self, batch: Batch, state: BodyState) -> Tensor:
        """What the true law does to bodies in a state [N, d]; 0 for those that never move."""

    @abstractmethod
    def answer(self, batch: Batch, state: BodyState) -> Tensor:
        """The answer [N, d] that says: in `num_frames` frames the bodies are in this state."""
