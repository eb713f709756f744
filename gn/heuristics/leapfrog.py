"""The true law with a leapfrog step a frame: kick, drift, kick."""

from torch_geometric.data import Batch

from data_gen.spec import BodyState, Mechanics
from gn.integrator import Integrator


class Leapfrog(Integrator):
    """v' = v + Δt (a(x, v) + a(x', v + Δt a)) / 2, x' = x + Δt v + Δt² a / 2.

    Of second order, and for forces that do not depend on velocities the same as kick, drift, kick,
    which the simulators take many of for each frame. It has no parameters: `train.skip=true`.
    Source: Verlet 1967, "Computer experiments on classical fluids"; Hairer, Lubich and Wanner 2003,
    "Geometric numerical integration illustrated by the Störmer-Verlet method".

    Args:
        spec: of a task that knows the mechanics of its bodies.
    """

    def step(self, mechanics: Mechanics, batch: Batch, state: BodyState) -> BodyState:
        """The state a frame later."""
        position, velocity = state
        dt = mechanics.time_step(batch)
        before = mechanics.acceleration(batch, state)
        drifted = position + dt * (velocity + dt * before / 2)
        after = mechanics.acceleration(batch, (drifted, velocity + dt * before))
        return drifted, velocity + dt * (before + after) / 2
