"""Every body keeps its velocity: a baseline without any force."""

from torch_geometric.data import Batch

from data_gen.spec import BodyState, Mechanics
from gn.integrator import Integrator


class ConstantVelocity(Integrator):
    """x' = x + Δt v, v' = v.

    The model has no parameters (`train.skip=true`). Source: the constant-velocity baseline of
    Battaglia et al. 2016.

    Args:
        spec: the spec of a task with mechanics.
    """

    def step(self, mechanics: Mechanics, batch: Batch, state: BodyState) -> BodyState:
        """Return the state one frame later, without any force."""
        position, velocity = state
        return position + mechanics.time_step(batch) * velocity, velocity
