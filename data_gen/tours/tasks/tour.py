"""Tour: find the shortest closed tour, one point after another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from scipy.spatial import KDTree
from torch import Tensor
from torch_geometric.data import Batch, Data

from data_gen.environment import best_of, node_logits, play
from data_gen.masked_choice import choice_loss, first_best
from data_gen.metric import Metric, ratio
from data_gen.picture import Picture, Watched, options
from data_gen.spec import CERTAIN, GraphOutput, GraphSpec
from data_gen.task import Model, Task
from data_gen.tours.branch_and_cut import shortest_tour
from data_gen.tours.environment import HERE, KINDS, LEFT, TourEnvironment, TourState, features
from data_gen.tours.held_karp import shortest_tours
from data_gen.tours.picture import tour_picture
from data_gen.tours.points import Points, distances

MOST_IN_TABLES = 12  # up to this many points, Held and Karp's tables are faster than branch and cut
RELATIVE_TOLERANCE = 1e-6  # tours whose lengths differ by less count as equally long


@dataclass(frozen=True)
class Tour(Task[Points]):
    """Choose the next point of the shortest closed tour through all points, again and again.

    An answer is a logit of every node; the tour always goes to the unvisited point of the largest
    logit. A model sees the tour so far in the kinds of the nodes, and all distances relative to the
    mean distance to the nearest other point.

    Fields: `x` [N, 6] kind (4: here, start, left, visited), distance from here, from the start;
    `node_type` [N]; `edge_attr` [E, 1] distance; `u` [B, 1] share of the points that are left;
    `position` [N, 2]; `is_start` [N]; `tour_place` [N] the number of the point in a shortest tour
    that begins at the start; `graph_scale` [B] mean distance to the nearest other point;
    `graph_optimum` [B] the length of the shortest tour, proved by an exact solver.

    Args:
        neighbours: the number of nearest points that each point has edges from and to; None: all.

    Raises:
        ValueError: `neighbours` is below 1.
    """

    neighbours: int | None = None

    size_unit: ClassVar[str] = "points"
    cost: ClassVar[float] = 500.0
    metrics: ClassVar[Mapping[str, Metric]] = {
        "optimal": Metric(binary=True),
        "gap": Metric(perfect=0),
        "gap_nearest_neighbour": Metric(perfect=None),
        "gap_ratio": ratio("gap", "gap_nearest_neighbour"),
    }
    selected_by = "gap"

    def __post_init__(self) -> None:
        if self.neighbours is not None and not self.neighbours >= 1:
            allowed = "null or a number of at least 1"
            raise ValueError(f"neighbours must be {allowed}, got {self.neighbours!r}")

    @property
    def spec(self) -> GraphSpec:
        """The widths of the inputs, and one logit of each node."""
        return GraphSpec(6, 1, 1, node_out=1, node_types=KINDS)

    @property
    def environment(self) -> TourEnvironment:
        """The rules by which a tour is built."""
        return TourEnvironment()

    def sample(self, structure: Points, rng: np.random.Generator) -> Data:
        """Return the instance of the points."""
        return self.sample_many([structure], [rng])[0]

    def sample_many(
        self, structures: Sequence[Points], rngs: Sequence[np.random.Generator]
    ) -> list[Data]:
        """Return the instances; the shortest tours of all points of one size are found together."""
        del rngs
        tours: dict[int, np.ndarray] = {}
        by_size: dict[int, list[int]] = {}
        for index, points in enumerate(structures):
            by_size.setdefault(points.size, []).append(index)
        for size, indices in by_size.items():
            between = np.stack([distances(structures[index].positions) for index in indices])
            if size <= MOST_IN_TABLES:
                found = list(shortest_tours(torch.from_numpy(between)).numpy())
            else:
                found = [shortest_tour(each) for each in between]
            tours.update(zip(indices, found, strict=True))
        return [self._instance(points, tours[i]) for i, points in enumerate(structures)]

    def _instance(self, points: Points, tour: np.ndarray) -> Data:
        """Return the instance of the points, given a shortest tour [n]."""
        n, between = points.size, distances(points.positions)
        nearest = KDTree(points.positions).query(points.positions, k=2)[0][:, 1]
        scale = float(nearest.mean())
        edges = self._edges(between)
        tour_place = np.empty(n, dtype=np.int64)
        tour_place[tour] = np.arange(n)
        position = torch.from_numpy(points.positions)
        graph_scale = torch.tensor([scale], dtype=torch.float64)
        node_type = torch.full((n,), LEFT).index_fill(0, torch.tensor([0]), HERE)
        start, graph = torch.tensor([0]), torch.zeros(n, dtype=torch.long)
        return Data(
            x=features(position, node_type, start, start, graph_scale, graph),
            edge_index=torch.from_numpy(edges),
            edge_attr=torch.from_numpy(between[edges[0], edges[1]] / scale).float().unsqueeze(1),
            u=torch.tensor([[(n - 1) / n]]),
            node_type=node_type,
            position=position,
            is_start=node_type == HERE,
            tour_place=torch.from_numpy(tour_place),
            graph_scale=graph_scale,
            graph_optimum=torch.tensor([between[tour, np.roll(tour, -1)].sum()]),
        )

    def _edges(self, between: np.ndarray) -> np.ndarray:
        """Return the edges [2, E], both directions of every joined pair."""
        n = len(between)
        most = n if self.neighbours is None else self.neighbours + 1
        rank = between.argsort(axis=1).argsort(axis=1)  # 0 for the point itself
        near = (rank < most) & ~np.eye(n, dtype=bool)
        return np.stack((near | near.T).nonzero())

    def loss(self, model: Model, batch: Batch) -> Tensor:
        """Return the cross-entropy of the shortest tour's next nodes, mean over choices and graphs.

        The mean is over the choices of a tour, then over graphs. The tour is followed in the
        direction of `tour_place`; for the first choice both directions are right.
        """
        losses: list[Tensor] = []

        def follow(state: TourState) -> Tensor:
            observed, allowed = self.environment.observe(state), self.environment.allowed(state)
            logits, right = node_logits(model(observed)), _beside(observed)
            losses.append(choice_loss(logits, allowed, right, batch.batch, batch.num_graphs))
            place = -batch.tour_place.to(logits.dtype)
            return first_best(place, allowed, batch.batch, batch.num_graphs)

        play(self.environment, batch, follow)
        return (torch.stack(losses).sum(dim=0) / (batch.ptr.diff() - 1)).mean()

    def score(self, model: Model, batch: Batch) -> dict[str, Tensor]:
        """Return the scores of every instance, each [B].

        optimal: the tour of the greedy choices is as short as the shortest tour. gap: its length
        divided by that of the shortest tour, minus 1. gap_nearest_neighbour: the gap of the tour
        that always goes to the nearest point. gap_ratio: the mean gap of a cell divided by the
        mean gap_nearest_neighbour.
        """
        gap, nearest = (
            self.environment.outcome(play(self.environment, batch, choose)) / batch.graph_optimum
            - 1
            for choose in (
                best_of(self.environment, model),
                best_of(self.environment, _to_the_nearest),
            )
        )
        return {
            "optimal": (gap <= RELATIVE_TOLERANCE).float(),
            "gap": gap.float(),
            "gap_nearest_neighbour": nearest.float(),
        }

    def picture(self, model: Watched, batch: Batch, **given: int) -> Picture:
        """Draw the tour through the points of one instance, one frame a choice."""
        options(given)
        return tour_picture(model, self.environment, batch)

    def solution(self, batch: Batch) -> GraphOutput:
        """Return large logits of the nodes next to the current one in a shortest tour."""
        return GraphOutput(x=CERTAIN * _beside(batch).float().unsqueeze(1))


def _beside(observed: Batch) -> Tensor:
    """Return the unvisited nodes that are next to `here` in the known shortest tour [N] bool."""
    here = (observed.node_type == HERE).nonzero().squeeze(1)
    graph = observed.batch
    apart = observed.tour_place - observed.tour_place[here][graph]
    apart = apart.remainder(observed.ptr.diff()[graph])
    last = observed.ptr.diff()[graph] - 1
    return ((apart == 1) | (apart == last)) & (observed.node_type == LEFT)


def _to_the_nearest(observed: Batch) -> GraphOutput:
    """Return logits that decrease with the distance from `here`."""
    return GraphOutput(x=-observed.x[:, len(KINDS), None])
