"""Rows of a table as matrices of runs x cells."""

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from experiments.settings.errors import UserError
from experiments.tables.rows import Row, method

Cell = tuple[str, int]  # distribution and size


def by_method(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Group rows by method: `model@rule`, or `task/model@rule` if several tasks have the label."""
    rows = list(rows)
    tasks: dict[str, set[str]] = {}
    for row in rows:
        tasks.setdefault(row.model, set()).add(row.task)
    found: dict[str, list[Row]] = {}
    for row in rows:
        task = f"{row.task}/" if len(tasks[row.model]) > 1 else ""
        found.setdefault(task + method(row), []).append(row)
    return found


def is_home(row: Row) -> bool:
    """Return whether the cell is in distribution: of a training size and distribution."""
    return row.shift == "none"


def shared_cells(methods: Mapping[str, Sequence[Row]]) -> list[Cell]:
    """Return the cells that are shifted for every method and scored for all of its runs."""
    shared: list[Cell] | None = None
    for rows in methods.values():
        num_runs = len({row.seed for row in rows})
        count: dict[Cell, int] = {}
        for row in rows:
            if not is_home(row):
                count[row.distribution, row.size] = count.get((row.distribution, row.size), 0) + 1
        complete = [cell for cell, number in count.items() if number == num_runs]
        shared = complete if shared is None else [cell for cell in shared if cell in complete]
    return shared or []


def scores_of(rows: Sequence[Row], cells: Sequence[Cell], *, perfect: float) -> np.ndarray:
    """Return the scores of one metric and method, [runs, cells], runs ordered by seed.

    A model that is undefined on a cell (NaN) gets the worst score: 0, or an infinite error.

    Raises:
        UserError: a run has no score or two scores in one of the cells.
    """
    seeds = sorted({row.seed for row in rows})
    found: dict[tuple[int, Cell], float] = {}
    for row in rows:
        place = row.seed, (row.distribution, row.size)
        if place in found and place[1] in cells:
            raise UserError(f"table: {row.model} has two scores of seed {row.seed} in {place[1]}")
        found[place] = row.mean
    try:
        scores = np.array([[found[seed, cell] for cell in cells] for seed in seeds])
    except KeyError as error:
        raise UserError(f"table: {rows[0].model} has no score for {error}") from error
    return np.where(np.isnan(scores), 0.0 if perfect else math.inf, scores)


def variances_of(rows: Sequence[Row], cells: Sequence[Cell]) -> np.ndarray:
    """Return the variance of the mean due to the instances of each cell [cells]; NaN: unknown."""
    of_cell = {(row.distribution, row.size): row.estimate for row in rows}
    known = [of_cell.get(cell) for cell in cells]
    return np.array([np.nan if one is None else one.of_instances for one in known])


def goodness(scores: np.ndarray, *, perfect: float) -> np.ndarray:
    """Return scores of which higher is better: errors (0 is perfect) change their sign."""
    return scores if perfect else -scores


def home_scores(rows: Sequence[Row]) -> np.ndarray:
    """Return the mean of each run over its in-distribution cells, [runs], ordered by seed."""
    seeds = sorted({row.seed for row in rows})
    means = [[r.mean for r in rows if r.seed == seed and is_home(r)] for seed in seeds]
    return np.array([np.mean(of_run) if of_run else np.nan for of_run in means])


def on_home_family(rows: Sequence[Row]) -> tuple[int, dict[int, dict[int, float]]]:
    """Return the largest training size, and the scores on the training family by size and seed.

    With several training families, a score is the mean over the families that have the size.
    Without an in-distribution cell, return 0 and an empty mapping.
    """
    home = [row for row in rows if is_home(row)]
    families = {row.distribution for row in home}
    scores: dict[int, dict[int, list[float]]] = {}
    for row in rows:
        if row.distribution in families and row.shift in ("none", "size"):
            scores.setdefault(row.size, {}).setdefault(row.seed, []).append(row.mean)
    by_size = {
        size: {seed: float(np.mean(of_run)) for seed, of_run in of_size.items()}
        for size, of_size in scores.items()
    }
    return max((row.size for row in home), default=0), by_size
