"""Models that move bodies by the true law, one integration step per frame.

They bound the accuracy of a network that learns such a step. N nodes, d coordinates. A state is
positions and velocities, [N, d] each.
"""

from abc import abstractmethod

import torch
from torch import Tensor
from torch_geometric.data import Batch

from data_gen.spec import BodyState, GraphOutput, GraphSpec, Mechanics
from gn.model import GraphModel, Steps


class Integrator(GraphModel):
    """Integrate the motion, one step for each frame until the target frame.

    The law comes from the task (`GraphSpec.mechanics`), so one model serves all laws. Collisions
    and walls are not forces: a body keeps its velocity between them.

    Args:
        spec: the spec of a task with mechanics.

    Raises:
        ValueError: the task has no mechanics.
    """

    place: Tensor

    def __init__(self, spec: GraphSpec) -> None:
        super().__init__()
        self.check_spec(spec)
        self.mechanics = spec.mechanics
        self.register_buffer("place", torch.zeros(0), persistent=False)

    @classmethod
    def check_spec(cls, spec: GraphSpec) -> None:
        """Raise ValueError for a task without mechanics."""
        if spec.mechanics is None:
            raise ValueError(
                f"the task for {cls.__name__} must have moving bodies, got one without mechanics"
            )

    @abstractmethod
    def step(self, mechanics: Mechanics, batch: Batch, state: BodyState) -> BodyState:
        """Return the state one frame later."""

    def forward(self, batch: Batch, num_message_passing_steps: Steps = None) -> GraphOutput:
        """Compute the answer [N, node_out] from the last state."""
        del num_message_passing_steps
        assert self.mechanics is not None, "checked"
        state = self.mechanics.state(batch)
        for _ in range(self.mechanics.num_frames):
            state = self.step(self.mechanics, batch, state)
        return GraphOutput(x=self.mechanics.answer(batch, state))
