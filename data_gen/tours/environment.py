"""A closed tour through all points of a graph, built by choosing the next point.

N nodes and B graphs in a batch.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import one_hot
from torch_geometric.data import Batch

from data_gen.environment import ExpertEnvironment, changed
from data_gen.tours.held_karp import onward_costs, ways_home

KINDS = ("here", "start", "left", "visited")  # of nodes, as the number that comes first
HERE, START, LEFT, VISITED = range(4)
TIE = 1e-9  # of lengths in the unit square: two that differ by no more are equal
MOST_POINTS = 16  # that an expert is made for: 15 · 2^15 numbers a graph


class TourState(NamedTuple):
    """Part of a tour in every graph of a batch."""

    batch: Batch  # the instances, as they were at the start
    is_visited: Tensor  # [N] bool
    here: Tensor  # [B], the node where the tour is
    start: Tensor  # [B]
    num_left: Tensor  # [B], nodes not visited
    length: Tensor  # [B] float64, of the tour so far; the way home is added at the last node


class TourEnvironment(ExpertEnvironment[TourState]):
    """Begin at the start; choose any node that was not visited; at the last one go home."""

    def start(self, batch: Batch) -> TourState:
        """Only the start is visited; instances are those of the task `Tour`."""
        start = batch.is_start.nonzero().squeeze(1)  # [B], one in every graph
        num_left = batch.ptr.diff() - 1
        length = torch.zeros(batch.num_graphs, dtype=torch.float64, device=start.device)
        return TourState(batch, batch.is_start, start, start, num_left, length)

    def observe(self, state: TourState) -> Batch:
        """Attributes by the state; visited nodes, but for both ends, have lost their edges."""
        batch, here, start = state.batch, state.here, state.start
        if bool((here == start).all()):
            return batch
        node_type = torch.where(state.is_visited, VISITED, LEFT)
        node_type = node_type.index_fill(0, start, START).index_fill(0, here, HERE)
        senders, receivers = batch.edge_index
        gone = node_type == VISITED
        share_left = state.num_left / batch.ptr.diff()
        return changed(
            batch,
            ~(gone[senders] | gone[receivers]),
            x=features(batch.position, node_type, here, start, batch.graph_scale, batch.batch),
            u=share_left.to(batch.u.dtype).unsqueeze(1),
            node_type=node_type,
        )

    def allowed(self, state: TourState) -> Tensor:
        """The nodes that were not visited [N]."""
        return ~state.is_visited

    def apply(self, state: TourState, action: Tensor) -> TourState:
        """One node further; raises ValueError for a node that was visited."""
        moves = action >= 0
        if bool(state.is_visited[action[moves]].any()):
            raise ValueError("a node was chosen that the tour has visited: one that is left has to")
        here = torch.where(moves, action, state.here)
        is_visited = state.is_visited.index_fill(0, here, True)
        num_left = state.num_left - moves.long()
        position = state.batch.position
        walked = _distance(position[state.here], position[here])
        home = _distance(position[here], position[state.start])
        length = state.length + walked + torch.where(moves & (num_left == 0), home, 0.0)
        return state._replace(is_visited=is_visited, here=here, num_left=num_left, length=length)

    def is_over(self, state: TourState) -> Tensor:
        """Whether all nodes are visited [B]."""
        return state.num_left == 0

    def outcome(self, state: TourState) -> Tensor:
        """The length of the tour [B]."""
        return state.length

    def expert(self, batch: Batch) -> Callable[[TourState], Tensor]:
        """The first nodes of all shortest completions, by Held and Karp's tables.

        Raises:
            ValueError: a graph has more than MOST_POINTS nodes.
        """
        n = int(batch.ptr.diff().max())
        if n > MOST_POINTS:
            raise ValueError(f"a tour of {n} points: an expert takes at most {MOST_POINTS}")
        start, graph = batch.is_start.nonzero().squeeze(1), batch.batch
        rank = torch.arange(len(graph), device=graph.device) - batch.ptr[graph]
        first = (start - batch.ptr[:-1])[graph]  # [N]
        # The start is point 0 of its table, then come the others in their order.
        point = torch.where(rank == first, 0, torch.where(rank < first, rank + 1, rank))
        place = batch.position.new_zeros(batch.num_graphs, n, 2)
        place[graph, point] = batch.position
        distance = _distance(place.unsqueeze(2), place.unsqueeze(1))  # [B, n, n]
        table = ways_home(distance)
        bits = torch.where(point > 0, 1 << (point - 1).clamp(min=0), 0)  # [N]

        def right(state: TourState) -> Tensor:
            left = torch.zeros_like(start).index_add(0, graph, bits * ~state.is_visited)
            costs = onward_costs(distance, table, point[state.here], left)  # [B, n - 1]
            is_best = costs <= costs.amin(dim=1, keepdim=True) + TIE
            return is_best[graph, (point - 1).clamp(min=0)] & ~state.is_visited

        return right


def features(
    position: Tensor, node_type: Tensor, here: Tensor, start: Tensor, scale: Tensor, graph: Tensor
) -> Tensor:
    """The kind of each node, and how far it is from `here` and from the start: [N, 6] float32.

    Distances are relative to `scale`: they do not shrink where points are many.

    Args:
        position: [N, 2].
        node_type: [N].
        here: a node of each graph [B].
        start: a node of each graph [B].
        scale: of each graph [B], the mean distance to the nearest other point.
        graph: of each node [N].
    """
    ends = [_distance(position, position[node[graph]]) / scale[graph] for node in (here, start)]
    kinds = one_hot(node_type, len(KINDS)).to(position.dtype)
    return torch.cat([kinds, torch.stack(ends, dim=1)], dim=1).float()


def _distance(one: Tensor, other: Tensor) -> Tensor:
    return (one - other).square().sum(dim=-1).sqrt()
