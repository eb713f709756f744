"""The true law with a step of Euler's a frame: the force of now is taken for that of the frame."""

from torch_geometric.data import Batch

from data_gen.spec import BodyState, Mechanics
from gn.integrator import Integrator


class Euler(Integrator):
    """v' = v + Δt a(x, v), x' = x + Δt (v + v') / 2.

    What a network does that learns the force without fault and knows nothing of the frame. Of first
    order. It has no parameters: `train.skip=true`. Source: Hairer, Nørsett and Wanner 1993,
    "Solving ordinary differential equations I", section II.1.

    Args:
        spec: of a task that knows the mechanics of its bodies.
    """

    def step(self, mechanics: Mechanics, batch: Batch, state: BodyState) -> BodyState:
        """The state a frame later."""
        position, velocity = state
        dt = mechanics.time_step(batch)
        change = dt * mechanics.acceleration(batch, state)
        return position + dt * (velocity + change / 2), velocity + change
