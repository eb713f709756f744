"""Topologies: the springs between n masses (m springs), and positions at distances near 1.

Rows go downwards, along the last axis; the first masses are on top, where they can be pinned.
"""

import math
from collections.abc import Callable

import numpy as np

Layout = tuple[np.ndarray, np.ndarray]  # positions [n, 2], pairs [m, 2]


def chain(size: int, rng: np.random.Generator) -> Layout:
    """Return a horizontal line."""
    del rng
    index = np.arange(size)
    positions = np.stack([index - size / 2, np.zeros(size)], axis=1)
    return positions, np.stack([index[:-1], index[1:]], axis=1)


def ring(size: int, rng: np.random.Generator) -> Layout:
    """Return a regular polygon with sides of length 1, clockwise from the top."""
    del rng
    index = np.arange(size)
    angles = 2 * np.pi * index / size
    radius = 0.5 / math.sin(math.pi / size)
    positions = radius * np.stack([np.sin(angles), np.cos(angles)], axis=1)
    return positions, np.stack([index, (index + 1) % size], axis=1)


def grid(size: int, rng: np.random.Generator) -> Layout:
    """Return a grid of unit squares with ceil(√n) columns; the last row may be incomplete."""
    del rng
    columns = math.isqrt(size - 1) + 1
    index = np.arange(size)
    rights = index[(index % columns < columns - 1) & (index < size - 1)]
    downs = index[: size - columns]
    pairs = [np.stack([rights, rights + 1], axis=1), np.stack([downs, downs + columns], axis=1)]
    positions = np.stack([index % columns, -(index // columns)], axis=1).astype(float)
    return positions, np.concatenate(pairs)


def tree(size: int, rng: np.random.Generator) -> Layout:
    """Return a random recursive tree: every mass but the first joins an earlier one, uniformly.

    A mass is 1 below its parent and above the middle of the leaves under it, which are 1 apart.
    Therefore springs do not cross, and no two masses are nearer than 1.
    """
    parents = [int(rng.integers(i)) for i in range(1, size)]
    children = [[i for i in range(1, size) if parents[i - 1] == node] for node in range(size)]
    spans = np.zeros((size, 2))  # the first and last leaf under each mass
    depth, leaves, stack = np.zeros(size), 0, [0]
    while stack:  # from left to right, a parent before its children
        node = stack.pop()
        spans[node] = leaves
        leaves += not children[node]
        depth[children[node]] = depth[node] + 1
        stack += children[node][::-1]
    for node in range(size - 1, 0, -1):  # children before their parent
        spans[parents[node - 1], 1] = max(spans[parents[node - 1], 1], spans[node, 1])
    pairs = np.stack([parents, np.arange(1, size)], axis=1).astype(np.int64)
    return np.stack([spans.mean(axis=1), -depth], axis=1), pairs


TOPOLOGIES: dict[str, Callable[[int, np.random.Generator], Layout]] = {
    "chain": chain,
    "ring": ring,
    "grid": grid,
    "tree": tree,
}
