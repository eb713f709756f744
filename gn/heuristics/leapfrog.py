"""The true law with one leapfrog step per frame: kick, drift, kick."""

from torch_geometric.data import Batch

from data_gen.spec import BodyState, Mechanics
from gn.integrator import Integrator


class Leapfrog(Integrator):
    """v' = v + Δt (a(x, v) + a(x', v + Δt a)) / 2, x' = x + Δt v + Δt² a / 2.

    The method is of second order. For forces independent of the velocities it is kick, drift, kick,
    of which the simulators take many steps per frame. The model has no parameters
    (`train.skip=true`). Source: Verlet 1967, "Computer experiments on classical fluids"; Hairer,
    Lubich and Wanner 2003, "Geometric numerical integration illustrated by the Störmer-Verlet
    method".

    Args:
        spec: the spec of a task with mechanics.
    """

    def step(self, mechanics: Mechanics, batch: Batch, state: BodyState) -> BodyState:
        """Return the state one frame later."""
        position, velocity = state
        dt = mechanics.time_step(batch)
        before = mechanics.acceleration(batch, state)
        drifted = position + dt * (velocity + dt * before / 2)
        after = mechanics.acceleration(batch, (drifted, velocity + dt * before))
        return drifted, velocity + dt * (before + after) / 2
