"""Footprint: the bytes and seconds that an instance takes, foreseen from smaller instances.

A few instances are drawn at sizes that double, as long as that takes neither long nor much memory.
Larger sizes are extrapolated along the last of these sizes, as a power of the size.
"""

import math
import time
import tracemalloc
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from data_gen.cell import Cell, SizeError
from data_gen.dataset import pack_block
from data_gen.distribution import Distribution, GenerationError
from data_gen.task import Task

START = 5  # the sizes at which instances are drawn are the largest size, halved down to this
COUNT = 4  # instances that are drawn at each size
SECONDS = 0.5  # of one core, after which no larger instances are drawn
BYTES = 2**26  # likewise: the largest peak that drawing is allowed to reach
BACK = 2  # the exponent is measured over so many doublings: one would be less sure
SURE = 4  # measured sizes from which on faster growth than with the size itself is believed
LARGEST = 10**18  # sizes are taken to be at most this: they need more than any machine has anyway


class Footprint(NamedTuple):
    """An instance takes so many bytes and seconds."""

    stored: float  # bytes in a packed data set, in memory or on the disk
    peak: float  # bytes while it is generated, as far as numpy and Python allocate them
    seconds: float  # of one core


@dataclass(frozen=True)
class Growth:
    """The footprints of one task and distribution at some sizes, from which others follow."""

    found: tuple[tuple[float, Footprint], ...]  # sizes in ascending order, at least one

    def at(self, size: float) -> Footprint:
        """Return the footprint at a size; below the smallest measured size, that of the smallest.

        Between two measured sizes the footprint is a power of the size that runs through both.
        """
        size = min(size, LARGEST)
        sizes = [known for known, _ in self.found]
        above = next((k for k, known in enumerate(sizes) if known >= size), len(sizes))
        if above == 0:
            return self.found[0][1]
        is_beyond = above == len(sizes)
        low, high = (max(0, above - 1 - BACK), above - 1) if is_beyond else (above - 1, above)
        base = self.found[high][1]
        exponents = [1.0] * len(base)  # of a single measured size: twice as large takes twice
        if low < high:
            doublings = math.log2(sizes[high] / sizes[low])
            pairs = zip(self.found[low][1], base, strict=True)
            exponents = [math.log2(max(b, 1e-9) / max(a, 1e-9)) / doublings for a, b in pairs]
        if is_beyond and len(sizes) < SURE:
            exponents = [min(1.0, exponent) for exponent in exponents]
        further = math.log2(size / sizes[high])
        values = (value * 2 ** (p * further) for value, p in zip(base, exponents, strict=True))
        return Footprint(*values)

    def over(self, sizes: Iterable[int]) -> Footprint:
        """Return the mean footprint of instances of several sizes, and the largest peak."""
        each = [self.at(size) for size in sizes]
        stored, seconds = (sum(f[k] for f in each) / len(each) for k in (0, 2))
        return Footprint(stored, max(f.peak for f in each), seconds)


def growth(task: Task[Any], distribution: Distribution[Any], largest: int) -> Growth | None:
    """Return how the footprints of instances grow up to a size; None where none can be drawn."""
    found: list[tuple[float, Footprint]] = []
    began = time.process_time()
    for size in _sizes(min(largest, LARGEST), distribution.min_size):
        spent = time.process_time() - began
        if found and (spent + 2 * _next(found, 2) > SECONDS or _next(found, 1) > BYTES):
            break
        try:
            cell = Cell(task, distribution, (size,), "train")
            if not found:  # imports and compiles what all sizes need
                pack_block(cell, 0, 1)
                began = time.process_time()
            found.append((size, _measured(cell)))
        except (GenerationError, SizeError):
            if not found and time.process_time() - began > 4 * SECONDS:
                break
    return Growth(tuple(found)) if found else None


def _sizes(largest: int, smallest: int) -> Iterator[int]:
    """Yield the largest size, halved again and again, in ascending order."""
    low = max(START, smallest)
    halvings = max(0, math.floor(math.log2(largest / low))) if largest > low else 0
    for k in range(halvings, -1, -1):
        yield largest >> k


def _next(found: list[tuple[float, Footprint]], part: int) -> float:
    """Return what a part of the footprint is at twice the last size, or somewhat more."""
    last = found[-1][1][part]
    before = found[-2][1][part] if len(found) > 1 else last / 2
    return COUNT * last * max(2.0, last / max(before, 1e-9)) ** 1.5


def _measured(cell: Cell) -> Footprint:
    """Draw instances twice: for the time, and for the memory, which makes them slower."""
    count = max(COUNT, cell.group_size)
    began = time.process_time()
    arrays = pack_block(cell, 0, count)
    seconds = time.process_time() - began
    stored = sum(array.nbytes for array in arrays.values())
    return Footprint(stored / count, _peak(cell), seconds / count)


def _peak(cell: Cell) -> float:
    """Return the most bytes that one group of a cell takes while it is generated."""
    was_tracing = tracemalloc.is_tracing()
    if not was_tracing:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        pack_block(cell, 0, 1)
        return max(0, tracemalloc.get_traced_memory()[1] - before)
    finally:
        if not was_tracing:
            tracemalloc.stop()
