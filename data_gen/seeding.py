"""Randomness is an argument: the generator of one instance, from (data_seed, cell, index) alone."""

import hashlib

import numpy as np


def content_hash(text: str) -> str:
    """The 16 hexadecimal digits by which a text is known in file names and tables."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def instance_generator(data_seed: int, cell: str, index: int) -> np.random.Generator:
    """A generator that depends on nothing but its arguments: not on order, count or worker.

    Args:
        data_seed: chosen by the user; a study varies `seed` and keeps this one.
        cell: the identity of the cell, see `Cell.identity`.
        index: of the instance within its cell.
    """
    words = np.frombuffer(hashlib.sha256(cell.encode()).digest(), dtype=np.uint32)
    return np.random.default_rng(np.random.SeedSequence([data_seed, *words.tolist(), index]))
