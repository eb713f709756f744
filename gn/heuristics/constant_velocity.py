"""Every body goes on as it goes: what is left to learn is all that the law does."""

from torch_geometric.data import Batch

from data_gen.spec import BodyState, Mechanics
from gn.integrator import Integrator


class ConstantVelocity(Integrator):
    """x' = x + Δt v, v' = v.

    It has no parameters: `train.skip=true`. Source: the constant-velocity baseline of Battaglia et
    al. 2016.

    Args:
        spec: of a task that knows the mechanics of its bodies.
    """

    def step(self, mechanics: Mechanics, batch: Batch, state: BodyState) -> BodyState:
        """The state a frame later, whatever the law."""
        position, velocity = state
        return position + mechanics.time_step(batch) * velocity, velocity
