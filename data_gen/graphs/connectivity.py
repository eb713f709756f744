"""Connectivity check, for distributions that redraw a graph until it is connected."""

import numpy as np


def is_connected(edges: np.ndarray, size: int) -> bool:
    """Return whether the edges [m, 2] connect all nodes 0 .. size - 1."""
    if size > 1 and np.bincount(edges.ravel(), minlength=size).min() == 0:
        return False  # an isolated node: the most common case, and the cheapest to detect
    root = list(range(size))  # union-find in plain Python: for tens of nodes faster than scipy
    num_parts = size
    for a, b in edges.tolist():
        while a != root[a]:
            root[a] = a = root[root[a]]
        while b != root[b]:
            root[b] = b = root[root[b]]
        if a != b:
            root[a] = b
            num_parts -= 1
    return num_parts == 1
