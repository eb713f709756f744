"""Models that move bodies by the true law, one step a frame: what a network of that step could do.

N nodes, d coordinates. A state is positions and velocities, [N, d] each.
"""

from abc import abstractmethod

import torch
from torch import Tensor
from torch_geometric.data import Batch

from data_gen.spec import BodyState, GraphOutput, GraphSpec, Mechanics
from gn.model import GraphModel, Steps


class Integrator(GraphModel):
    """The state after as many steps as there are frames until the moment that is asked for.

    The law is the task's (`GraphSpec.mechanics`), so one model does for all laws. Collisions and
    walls are no force: what flies between them keeps its velocity.

    Args:
        spec: of a task that knows the mechanics of its bodies.
    """

    place: Tensor

    def __init__(self, spec: GraphSpec) -> None:
        super().__init__()
        self.check_spec(spec)
        self.mechanics = spec.mechanics
        self.register_buffer("place", torch.zeros(0), persistent=False)

    @classmethod
    def check_spec(cls, spec: GraphSpec) -> None:
        """Bodies whose motion is asked for, by a law that the task knows."""
        if spec.mechanics is None:
            raise ValueError("a task without mechanics is not allowed: one of moving bodies is")

    @abstractmethod
    def step(self, mechanics: Mechanics, batch: Batch, state: BodyState) -> BodyState:
        """The state a frame later."""

    def forward(self, batch: Batch, num_message_passing_steps: Steps = None) -> GraphOutput:
        """The answer [N, node_out] that the last state gives."""
        del num_message_passing_steps
        assert self.mechanics is not None, "checked"
        state = self.mechanics.state(batch)
        for _ in range(self.mechanics.num_frames):
            state = self.step(self.mechanics, batch, state)
        return GraphOutput(x=self.mechanics.answer(batch, state))
