"""Seeding: the random generator of an instance depends on (data_seed, cell, index) alone."""

import hashlib

import numpy as np


def content_hash(text: str) -> str:
    """Return 16 hexadecimal digits that stand for a text in file names and tables."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def instance_generator(data_seed: int, cell: str, index: int) -> np.random.Generator:
    """Return the generator of an instance; it does not depend on order, count or worker.

    Args:
        data_seed: chosen by the user; a study varies `seed` and keeps `data_seed`.
        cell: the identity of the cell, see `Cell.identity`.
        index: the index of the instance within its cell.
    """
    words = np.frombuffer(hashlib.sha256(cell.encode()).digest(), dtype=np.uint32)
    return np.random.default_rng(np.random.SeedSequence([data_seed, *words.tolist(), index]))
