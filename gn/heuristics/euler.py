"""The true law with one Euler step per frame: the force is constant during a frame."""

from torch_geometric.data import Batch

from data_gen.spec import BodyState, Mechanics
from gn.integrator import Integrator


class Euler(Integrator):
    """v' = v + Δt a(x, v), x' = x + Δt (v + v') / 2.

    The method is of first order. It bounds a network that learns the force at the start of a frame
    perfectly and does not model the motion within the frame. The model has no parameters
    (`train.skip=true`). Source: Hairer, Nørsett and Wanner 1993, "Solving ordinary differential
    equations I", section II.1.

    Args:
        spec: the spec of a task with mechanics.
    """

    def step(self, mechanics: Mechanics, batch: Batch, state: BodyState) -> BodyState:
        """Return the state one frame later."""
        position, velocity = state
        dt = mechanics.time_step(batch)
        change = dt * mechanics.acceleration(batch, state)
        return position + dt * (velocity + change / 2), velocity + change
