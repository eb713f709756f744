"""Specs and random graphs for probing the properties of models."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import Batch, Data

from data_gen.bodies.distributions.gravity import Gravity
from data_gen.bodies.tasks.next_step import NextStep
from data_gen.distribution import Distribution
from data_gen.graphs.distributions.geographic_threshold import GeographicThreshold
from data_gen.packed import ATTRIBUTES, Packed
from data_gen.paths.answer import NextHop
from data_gen.paths.tasks.shortest_path import ShortestPath
from data_gen.sat import formula_graph as literal_clause_graph
from data_gen.sat.cnf import Cnf
from data_gen.spec import GraphSpec
from data_gen.task import Task
from data_gen.tours.distributions.uniform_points import UniformPoints
from data_gen.tours.environment import KINDS
from data_gen.tours.tasks.tour import Tour
from gn.model import GraphModel

SPECS = (
    GraphSpec(5, 1, 1, node_out=1, edge_out=1, global_out=1, position_dim=2),
    literal_clause_graph.spec(node_out=1),
    Tour().spec,
    ShortestPath(NextHop()).spec,
    NextStep().spec,
)


def spec_of(kind: type[GraphModel]) -> GraphSpec:
    """Return a spec that a class of models is defined for."""
    return next(spec for spec in SPECS if _is_of(spec, kind))


def _is_of(spec: GraphSpec, kind: type[GraphModel]) -> bool:
    try:
        kind.check_spec(spec)
    except ValueError:
        return False
    return spec.node_types == kind.node_types


def random_graph(spec: GraphSpec, *, is_apart: bool = False) -> Batch:
    """Make a random graph of 8 nodes or of a formula; `is_apart`: its last node has no edge in."""
    if spec.node_types == KINDS:
        return _instance(Tour(), UniformPoints(), is_apart=is_apart)
    if spec.node_names:
        return _instance(ShortestPath(), GeographicThreshold(), is_apart=is_apart)
    if spec.mechanics is not None:
        return _instance(NextStep(), Gravity(), is_apart=is_apart)
    if spec.node_types:
        return _formula_graph(is_apart=is_apart)
    generator = torch.Generator().manual_seed(1)
    edge_index = torch.randint(8, (2, 16), generator=generator)
    edge_index = edge_index[:, edge_index[1].argsort(stable=True)]
    if is_apart:
        edge_index = edge_index % 5
    sizes = {"x": (8, spec.node_in), "edge_attr": (16, spec.edge_in), "u": (1, spec.global_in)}
    fields = {
        name: torch.rand(size, generator=generator, dtype=torch.float64)
        for name, size in sizes.items()
    }
    graph = Data(edge_index=edge_index, **fields)
    return Batch.from_data_list([graph])  # pyright: ignore[reportReturnType]


def _formula_graph(*, is_apart: bool) -> Batch:
    """Make a random formula of 4 variables, 8 clauses of 2; `is_apart`: plus an empty clause."""
    rng = np.random.default_rng(1)
    clauses = [(1 + rng.permutation(4)[:2]) * rng.choice([-1, 1], 2) for _ in range(8)]
    clauses = [clause.tolist() for clause in clauses] + [[]] * is_apart
    packed = Packed.pack([literal_clause_graph.as_graph(Cnf.from_clauses(4, clauses))])
    batch = packed.batch([0])
    return changed(batch, **dict.fromkeys(ATTRIBUTES, Tensor.double))


def _instance(task: Task[Any], law: Distribution[Any], *, is_apart: bool) -> Batch:
    """Make an instance of 8 nodes; `is_apart`: no edge leads to its last node."""
    rng = np.random.default_rng(1)
    instance = task.sample(task.posed([law.draw(8, rng)])[0], rng)
    if is_apart:
        kept = instance["edge_index"][1] < 7
        for name in [name for name in instance.keys() if name.startswith("edge_")]:  # noqa: SIM118
            rows = instance[name]
            instance[name] = rows[:, kept] if name == "edge_index" else rows[kept]
    batch = Packed.pack([instance]).batch([0])
    return changed(batch, **dict.fromkeys(ATTRIBUTES, Tensor.double))


def changed(batch: Batch, **changes: Callable[[Tensor], Tensor]) -> Batch:
    """Copy a batch and change some fields by functions of their values."""
    copy = batch.clone()
    for name, change in changes.items():
        copy[name] = change(copy[name])
    return copy
