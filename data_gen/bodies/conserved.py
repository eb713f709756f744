"""Conserved quantities of the state of a batch: energy, momentum and angular momentum.

A batch has N nodes, E edges and B graphs, in d dimensions.
"""

import torch
from torch import Tensor
from torch_geometric.data import Batch
from torch_geometric.utils import scatter

from data_gen.bodies.dynamics.scene import (
    BY_CHARGES,
    BY_MASSES,
    CONTACT_STIFFNESS,
    COUPLING,
    DISC,
    EXPONENT,
    FIELD,
    MOVING,
    SCREENING,
    STRENGTH,
)
from data_gen.bodies.features import displacement, of_edges


def sum_over_bodies(values: Tensor, batch: Batch) -> Tensor:
    """Return the sum of values [N, ...] over the moving bodies of each scene [B, ...]."""
    is_moving = (batch.body_kind == MOVING).to(values.dtype)
    values = values * (is_moving if values.dim() == 1 else is_moving.unsqueeze(1))
    return scatter(values, batch.batch, 0, batch.num_graphs, "sum")


def energy(batch: Batch) -> Tensor:
    """Return the sum of kinetic and potential energy [B], by the law of each scene."""
    return kinetic_energy(batch) + potential_energy(batch)


def kinetic_energy(batch: Batch) -> Tensor:
    """Return the kinetic energy of the moving bodies [B]."""
    return sum_over_bodies(0.5 * batch.mass * batch.velocity.square().sum(dim=1), batch)


def potential_energy(batch: Batch) -> Tensor:
    """Return the potential energy of pairs, springs, contacts with discs and the field [B]."""
    senders, receivers = batch.edge_index
    law = of_edges(batch, batch.graph_law)
    distance = displacement(batch).norm(dim=1)
    pairs = _pair_potential(distance, law)
    by_mass = law[:, COUPLING] == BY_MASSES
    by_charge = law[:, COUPLING] == BY_CHARGES
    mass, charge = (value[senders] * value[receivers] for value in (batch.mass, batch.charge))
    coupling = law[:, STRENGTH] * torch.where(by_mass, -mass, torch.where(by_charge, charge, 0))
    stretch = distance - batch.edge_rest_length
    depth = (batch.radius[senders] + batch.radius[receivers] - distance).clamp(min=0)
    is_contact = batch.body_kind[senders] == DISC
    # A pair and a spring are two edges each, a contact is one.
    of_edge = 0.5 * torch.where(coupling != 0, coupling * pairs, 0)
    of_edge = of_edge + 0.25 * batch.edge_stiffness * stretch.square()
    of_edge = of_edge + torch.where(is_contact, 0.5 * law[:, CONTACT_STIFFNESS] * depth.square(), 0)
    of_edges_sum = scatter(of_edge, batch.batch[receivers], 0, batch.num_graphs, "sum")
    height = batch.graph_law[batch.batch, FIELD] * batch.position[:, -1]
    return of_edges_sum + sum_over_bodies(batch.mass * height, batch)


def momentum(batch: Batch) -> Tensor:
    """Return Σ m v over the moving bodies [B, d]."""
    return sum_over_bodies(batch.mass.unsqueeze(1) * batch.velocity, batch)


def angular_momentum(batch: Batch) -> Tensor:
    """Return Σ m (x_a v_b - x_b v_a) over moving bodies, per pair of axes [B, d (d - 1) / 2]."""
    x, v = batch.position, batch.velocity
    first, second = torch.triu_indices(x.shape[1], x.shape[1], 1, device=x.device)
    turn = x[:, first] * v[:, second] - x[:, second] * v[:, first]
    return sum_over_bodies(batch.mass.unsqueeze(1) * turn, batch)


def _pair_potential(distance: Tensor, law: Tensor) -> Tensor:
    """Return the pair potential of unit coupling [E], see `pair_potential` in forces.py."""
    exponent, softening, screening = law[:, EXPONENT : SCREENING + 1].unbind(dim=1)
    s = (distance.square() + softening.square()).sqrt().clamp(min=1e-9)
    power = torch.where(exponent == 1, 1, exponent - 1)
    potential = torch.where(exponent == 1, -s.log(), s.pow(-power) / power)
    return torch.where(screening > 0, (-screening * s).exp() / s, potential)
