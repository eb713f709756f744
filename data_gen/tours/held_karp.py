"""Held and Karp's tables: the shortest way to the start from any point, through any set of points.

A batch has B instances of n points each, the start first, and m = n - 1 others. A set of others is
a number below 2^m, in which bit i stands for point i + 1.
"""

import torch
from torch import Tensor


def ways_home(distance: Tensor) -> Tensor:
    """Return C[S, j] = min_{i ∈ S} d(j, i) + C[S - i, i],  C[∅, j] = d(j, start): [B, 2^m, m].

    C[S, j] is the length of the shortest way from point j + 1 through all of S to the start; it is
    defined if j is not in S. All sets of one size are computed at once. Instances of fewer points
    may be padded with any distances: the entries of sets without padded points do not depend on
    them. Source: Held and Karp 1962.

    Args:
        distance: [B, n, n], symmetric.
    """
    num_graphs, n, _ = distance.shape
    m = n - 1
    between = distance[:, 1:, 1:]  # [B, m, m]
    table = distance.new_zeros(num_graphs, 1 << m, m)
    table[:, 0] = distance[:, 1:, 0]
    every = torch.arange(1 << m, device=distance.device)
    bits = 1 << torch.arange(m, device=distance.device)
    is_in = (every.unsqueeze(1) & bits) > 0  # [2^m, m]
    size = is_in.sum(dim=1)
    for k in range(1, m):
        sets = every[size == k]  # [K]
        members = is_in[sets].nonzero()[:, 1].view(-1, k)  # [K, k]
        onward = table[:, sets.unsqueeze(1) ^ bits[members], members]  # [B, K, k]
        ways = between[:, :, members] + onward.unsqueeze(1)  # [B, m, K, k]
        table[:, sets] = ways.amin(dim=3).transpose(1, 2)
    return table


def onward_costs(distance: Tensor, table: Tensor, here: Tensor, left: Tensor) -> Tensor:
    """Return the cost of the rest of a tour for each next point: [B, m], infinite if visited.

    Args:
        distance: [B, n, n].
        table: the result of `ways_home`.
        here: the current point of each tour [B], 0 to n - 1.
        left: the set of others that the tour has not visited yet [B].
    """
    num_graphs, m = table.shape[0], table.shape[2]
    rows = torch.arange(num_graphs, device=table.device)
    bits = 1 << torch.arange(m, device=table.device)
    is_left = (left.unsqueeze(1) & bits) > 0  # [B, m]
    rest = torch.where(is_left, left.unsqueeze(1) ^ bits, 0)
    columns = torch.arange(m, device=table.device).expand_as(rest)
    costs = distance[rows, here, 1:] + table[rows.unsqueeze(1), rest, columns]
    return costs.masked_fill(~is_left, torch.inf)


def shortest_tours(distance: Tensor) -> Tensor:
    """Return the points [B, n] in the order of a shortest closed tour from point 0."""
    num_graphs, n, _ = distance.shape
    table = ways_home(distance)
    here = torch.zeros(num_graphs, dtype=torch.long, device=distance.device)
    left = torch.full_like(here, (1 << (n - 1)) - 1)
    order = [here]
    for _ in range(n - 1):
        other = onward_costs(distance, table, here, left).argmin(dim=1)
        here, left = other + 1, left ^ (1 << other)
        order.append(here)
    return torch.stack(order, dim=1)
