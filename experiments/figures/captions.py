"""Sentences for captions: the number of runs and instances, and the meaning of a band."""

from collections.abc import Iterable, Sequence

import numpy as np

from experiments.statistics.intervals import Estimate
from experiments.tables.rows import Row, method


def sample(rows: Iterable[Row], unit: str = "size") -> str:
    """Return the numbers of runs and instances: "3 runs, 200 instances (60 at 128, 256) a cell".

    Args:
        rows: rows of all cells, one for each run and cell. Rows of models without parameters, whose
            runs are all alike, count only if there are no others.
        unit: "size" names the sizes that differ; "" gives the least and the greatest number.
    """
    runs: dict[object, set[int]] = {}
    of_size: dict[int, set[int]] = {}
    found = list(rows)
    for row in [row for row in found if row.num_parameters] or found:
        place = row.task, method(row), row.distribution, row.size, row.metric
        runs.setdefault(place, set()).add(row.seed)
        of_size.setdefault(row.size, set()).add(row.num_instances)
    if not runs:
        return ""
    number = _span(len(seeds) for seeds in runs.values())
    return f"{number} {'run' if number == '1' else 'runs'}, {_instances(of_size, unit)} a cell"


def _instances(of_size: dict[int, set[int]], unit: str) -> str:
    """Return the number of instances of most sizes, and in brackets those of the other sizes."""
    every = [number for numbers in of_size.values() for number in numbers]
    is_plain = unit == "size" and all(len(numbers) == 1 for numbers in of_size.values())
    if len(set(every)) == 1 or not is_plain:
        return f"{_span(every)} instances"
    most = max(dict.fromkeys(every), key=every.count)
    others: dict[int, list[int]] = {}
    for size, numbers in sorted(of_size.items()):
        others.setdefault(min(numbers), []).append(size)
    del others[most]
    told = "; ".join(f"{n} at {', '.join(map(str, sizes))}" for n, sizes in others.items())
    return f"{most} instances ({told})"


def _span(numbers: Iterable[int]) -> str:
    """Return a number, or the least and the greatest."""
    found = list(numbers)
    low, high = min(found), max(found)
    return str(low) if low == high else f"{low}\N{EN DASH}{high}"


def about_intervals(name: str, estimates: Sequence[Estimate]) -> str:
    """Say what the bands or bars (`name`) show, or that the tables have no intervals."""
    there = [bool(np.isfinite(e.low)) for e in estimates if np.isfinite(e.mean)]
    if not any(there):
        return "No intervals: the tables have none for these cells."
    trusted = "" if all(there) else ", where one can be trusted"
    return f"{name}: 95 % intervals over runs and instances{trusted}."
