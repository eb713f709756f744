"""TrueMechanics: the law of a scene as a function of a batch, for models that integrate it.

A batch has N nodes, E edges and B graphs, in d dimensions.
"""

from copy import copy
from dataclasses import dataclass

import torch
from torch import Tensor
from torch_geometric.data import Batch
from torch_geometric.utils import scatter

from data_gen.bodies.dynamics.scene import (
    BY_CHARGES,
    BY_MASSES,
    CLAMP,
    CONTACT_DAMPING,
    CONTACT_STIFFNESS,
    COUPLING,
    DISC,
    DRAG,
    EXPONENT,
    FIELD,
    MOVING,
    SCREENING,
    SOFTENING,
    STRENGTH,
)
from data_gen.bodies.features import Units, displacement, of_edges
from data_gen.spec import BodyState, Mechanics


@dataclass(frozen=True)
class TrueMechanics(Mechanics):
    """The law in the field `graph_law`, in the units in which models read and answer.

    Collisions and walls are not forces and are left out.

    Attributes:
        dim: the number of coordinates d.
        units: the units of x and of the answer.
        num_frames: the number of frames from the observed moment to the one to predict.
        asks_where: True: the answer is the displacement; False: the mean acceleration.
    """

    dim: int
    units: Units
    num_frames: int = 1
    asks_where: bool = False

    def state(self, batch: Batch) -> BodyState:
        """Return the state in the first columns of x, in units of the scene."""
        position, velocity = batch.x[:, : 2 * self.dim].split(self.dim, dim=1)
        return self.units.length * position, self.units.velocity * velocity

    def time_step(self, batch: Batch) -> Tensor:
        """Return the time step of the scene, for each body [N, 1]."""
        return batch.graph_time_step[batch.batch].unsqueeze(1)

    def acceleration(self, batch: Batch, state: BodyState) -> Tensor:
        """Return forces divided by masses, plus the field and the drag [N, d]."""
        seen = copy(batch)
        seen.position, seen.velocity = state
        law = batch.graph_law[batch.batch].to(seen.position)
        force = scatter(_of_edges(seen), batch.edge_index[1], 0, len(law), "sum")
        clamp = law[:, CLAMP : CLAMP + 1]
        force = force.maximum(-clamp).minimum(clamp)
        is_moving = (batch.body_kind == MOVING).unsqueeze(1)
        mass = torch.where(is_moving, batch.mass.unsqueeze(1), 1)
        change = force / mass - law[:, DRAG : DRAG + 1] * seen.velocity
        change[:, -1] -= law[:, FIELD]
        return torch.where(is_moving, change, 0)

    def answer(self, batch: Batch, state: BodyState) -> Tensor:
        """Return the mean acceleration or the displacement, in units [N, d]."""
        before = self.state(batch)
        if self.asks_where:
            return (state[0] - before[0]) / self.units.length
        time = self.num_frames * self.time_step(batch)
        return (state[1] - before[1]) / (time * self.units.acceleration)


def _of_edges(batch: Batch) -> Tensor:
    """Return the force of each edge's sender on its receiver [E, d]: pair, spring and contact."""
    senders, receivers = batch.edge_index
    law = of_edges(batch, batch.graph_law).to(batch.position)
    apart = displacement(batch)
    distance = apart.norm(dim=1).clamp(min=1e-12)
    by_mass, by_charge = (law[:, COUPLING] == kind for kind in (BY_MASSES, BY_CHARGES))
    mass, charge = (value[senders] * value[receivers] for value in (batch.mass, batch.charge))
    coupling = law[:, STRENGTH] * torch.where(by_mass, -mass, torch.where(by_charge, charge, 0))
    pull = torch.where(coupling != 0, coupling * _pair_force(distance, law), 0)
    pull = pull - batch.edge_stiffness * (1 - batch.edge_rest_length / distance)
    depth = batch.radius[senders] + batch.radius[receivers] - distance
    is_contact = (batch.body_kind[senders] == DISC) & (depth > 0)
    speed = (batch.velocity[receivers] * apart).sum(dim=1) / distance  # of leaving the disc
    push = law[:, CONTACT_STIFFNESS] * depth - law[:, CONTACT_DAMPING] * speed
    pull = pull + torch.where(is_contact, push / distance, 0)
    return pull.unsqueeze(1) * apart


def _pair_force(distance: Tensor, law: Tensor) -> Tensor:
    """Return f(s) / s of unit coupling [E], see `pair_force` in forces.py."""
    exponent, screening = law[:, EXPONENT], law[:, SCREENING]
    s = (distance.square() + law[:, SOFTENING].square()).sqrt()
    yukawa = (-screening * s).exp() * (1 / s.square() + screening / s) / s
    return torch.where(screening > 0, yukawa, s.pow(-exponent - 1))
