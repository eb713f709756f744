"""The environment of tours: a closed tour through all points, built by choosing the next point.

A batch has N nodes and B graphs.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import one_hot
from torch_geometric.data import Batch

from data_gen.environment import ExpertEnvironment, changed
from data_gen.tours.held_karp import onward_costs, ways_home

KINDS = ("here", "start", "left", "visited")  # of nodes; a node is of the first kind that applies
HERE, START, LEFT, VISITED = range(4)
TIE = 1e-9  # lengths in the unit square that differ by at most this count as equal
MOST_POINTS = 16  # the most points that the expert takes: its table has 15 · 2^15 numbers a graph


class TourState(NamedTuple):
    """A partial tour in every graph of a batch."""

    batch: Batch  # the instances, as they were at the start
    is_visited: Tensor  # [N] bool
    here: Tensor  # [B], the current node of the tour
    start: Tensor  # [B]
    num_left: Tensor  # [B], the number of nodes not visited
    length: Tensor  # [B] float64, of the tour so far; the last node adds the return to the start


class TourEnvironment(ExpertEnvironment[TourState]):
    """Rules: begin at the start, visit every other node once, then return to the start."""

    def start(self, batch: Batch) -> TourState:
        """Return the state in which only the start is visited; `batch` is of the task `Tour`."""
        start = batch.is_start.nonzero().squeeze(1)  # [B], one in every graph
        num_left = batch.ptr.diff() - 1
        length = torch.zeros(batch.num_graphs, dtype=torch.float64, device=start.device)
        return TourState(batch, batch.is_start, start, start, num_left, length)

    def observe(self, state: TourState) -> Batch:
        """Return the batch as seen in a state; visited nodes except the ends have no edges."""
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
        """Return the nodes that are not visited [N] bool."""
        return ~state.is_visited

    def apply(self, state: TourState, action: Tensor) -> TourState:
        """Return the state after a choice; raise ValueError if a chosen node is visited."""
        moves = action >= 0
        if bool(state.is_visited[action[moves]].any()):
            raise ValueError("action must be nodes that are not visited, got one that is visited")
        here = torch.where(moves, action, state.here)
        is_visited = state.is_visited.index_fill(0, here, True)
        num_left = state.num_left - moves.long()
        position = state.batch.position
        walked = _distance(position[state.here], position[here])
        home = _distance(position[here], position[state.start])
        length = state.length + walked + torch.where(moves & (num_left == 0), home, 0.0)
        return state._replace(is_visited=is_visited, here=here, num_left=num_left, length=length)

    def is_over(self, state: TourState) -> Tensor:
        """Return for each graph whether all nodes are visited [B]."""
        return state.num_left == 0

    def outcome(self, state: TourState) -> Tensor:
        """Return the length of the tour [B]."""
        return state.length

    def expert(self, batch: Batch) -> Callable[[TourState], Tensor]:
        """Return the next nodes of all shortest completions, by Held and Karp's tables.

        Raises:
            ValueError: a graph has more than MOST_POINTS nodes.
        """
        n = int(batch.ptr.diff().max())
        if n > MOST_POINTS:
            allowed = f"at most {MOST_POINTS} points for the expert"
            raise ValueError(f"a tour must have {allowed}, got {n}")
        start, graph = batch.is_start.nonzero().squeeze(1), batch.batch
        rank = torch.arange(len(graph), device=graph.device) - batch.ptr[graph]
        first = (start - batch.ptr[:-1])[graph]  # [N]
        # In the table of a graph the start is point 0; the other points follow in their order.
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
    """Return each node's kind and its distances from `here` and from the start: [N, 6] float32.

    Distances are relative to `scale`, so that they do not shrink as the number of points grows.

    Args:
        position: [N, 2].
        node_type: [N].
        here: the current node of each graph [B].
        start: the start of each graph [B].
        scale: the mean distance to the nearest other point, of each graph [B].
        graph: the graph of each node [N].
    """
    ends = [_distance(position, position[node[graph]]) / scale[graph] for node in (here, start)]
    kinds = one_hot(node_type, len(KINDS)).to(position.dtype)
    return torch.cat([kinds, torch.stack(ends, dim=1)], dim=1).float()


def _distance(one: Tensor, other: Tensor) -> Tensor:
    return (one - other).square().sum(dim=-1).sqrt()
