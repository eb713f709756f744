"""Features of bodies in a state, computed alike for the truth and for a model's own rollout.

A batch has N nodes, E edges and B graphs, in d dimensions.
"""

from copy import copy
from dataclasses import dataclass

import torch
from torch import Tensor
from torch_geometric.data import Batch, Data

from data_gen.bodies.dynamics.scene import (
    BOX,
    DRAG,
    FIELD,
    HALF_WIDTH,
    MOVING,
    PERIODIC,
    WALL,
)
from data_gen.spec import GraphSpec

SCALARS = ("mass", "charge", "radius", "is_static")  # of a node, after its position and velocity


@dataclass(frozen=True)
class Units:
    """Physical units in which models read and answer; they are not statistics of a sample.

    Args:
        length: the unit of positions, distances and radii [L].
        velocity: the unit of velocities [L/T].
        acceleration: the unit of answers [L/T²].
        mass: the unit of masses [M].

    Raises:
        ValueError: a unit is not above 0.
    """

    length: float = 1.0
    velocity: float = 1.0
    acceleration: float = 1.0
    mass: float = 1.0

    def __post_init__(self) -> None:
        for name in ("length", "velocity", "acceleration", "mass"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)!r}")


def spec(dim: int, node_out: int = 0, global_out: int = 0) -> GraphSpec:
    """Return the widths of a graph of bodies.

    x is position, velocity, mass (0 if static), charge, radius, is static; edge_attr is the
    displacement from sender to receiver, the relative velocity, the distance, the rate at which
    the distance grows, the product of the charges, the stiffness and the rest length of the spring,
    and the gap between the surfaces; u is field, drag and restitution.
    """
    return GraphSpec(
        2 * dim + len(SCALARS), 2 * dim + 6, 3, node_out, global_out=global_out, position_dim=dim,
        node_vectors=1, edge_vectors=2, is_vector=node_out == dim,
    )  # fmt: skip


def features(batch: Batch | Data, units: Units) -> tuple[Tensor, Tensor, Tensor]:
    """Return x, edge_attr and u of the state of a batch, as described in `spec`."""
    law = batch.graph_law
    is_static = (batch.body_kind != MOVING).to(law.dtype)
    mass = batch.mass * (1 - is_static) / units.mass
    scalars = [mass, batch.charge, batch.radius / units.length, is_static]
    position, velocity = batch.position / units.length, batch.velocity / units.velocity
    x = torch.cat([position, velocity, torch.stack(scalars, dim=1)], dim=1)
    senders, receivers = batch["edge_index"].unbind(0)
    apart = displacement(batch)
    distance = apart.norm(dim=1)
    gap = distance - batch.radius[senders] - batch.radius[receivers]
    stiffness = batch.edge_stiffness * (units.length / units.mass / units.acceleration)
    lengths = [distance, batch.edge_rest_length, gap]
    distance, rest_length, gap = (length / units.length for length in lengths)
    charge = batch.charge[senders] * batch.charge[receivers]
    relative, apart = velocity[receivers] - velocity[senders], apart / units.length
    growth = (relative * apart).sum(dim=1) / distance.clamp(min=1e-9)
    of_pair = torch.stack([distance, growth, charge, stiffness, rest_length, gap], dim=1)
    edge_attr = torch.cat([apart, relative, of_pair], dim=1)
    field, drag = (
        law[:, FIELD] / units.acceleration,
        law[:, DRAG] * units.velocity / units.acceleration,
    )
    return x, edge_attr, torch.stack([field, drag, batch.graph_restitution], dim=1)


def displacement(batch: Batch | Data) -> Tensor:
    """Return the displacement from sender to receiver [E, d].

    In a periodic box it is between nearest images; from a wall it is perpendicular to the wall.
    """
    senders, receivers = batch["edge_index"].unbind(0)
    apart = batch.position[receivers] - batch.position[senders]
    apart = nearest_image(apart, of_edges(batch, batch.graph_law))
    normal = batch.normal[senders]
    is_wall = (batch.body_kind[senders] == WALL).unsqueeze(1)
    return torch.where(is_wall, normal * (normal * apart).sum(dim=1, keepdim=True), apart)


def nearest_image(apart: Tensor, law: Tensor) -> Tensor:
    """Return differences of positions [M, d]; in periodic boxes of laws [M, 12] the shortest."""
    period = torch.where(
        law[:, BOX : BOX + 1] == PERIODIC, 2 * law[:, HALF_WIDTH : HALF_WIDTH + 1], 0
    )
    return apart - period * (apart / torch.where(period > 0, period, 1)).round()


def of_edges(batch: Batch | Data, values: Tensor) -> Tensor:
    """Return the values of each graph [B, F], repeated for each of its edges [E, F]."""
    edge_index, graph = batch["edge_index"], getattr(batch, "batch", None)
    if graph is None:
        return values.expand(edge_index.shape[1], -1)
    return values[graph[edge_index[1]]]


def observed(batch: Batch, position: Tensor, velocity: Tensor, units: Units) -> Batch:
    """Return a copy of the batch in another state ([N, d] each), with its features."""
    seen = copy(batch)
    seen.position, seen.velocity = position, velocity
    seen.x, seen.edge_attr, seen.u = features(seen, units)
    return seen
