"""The rows of a table as matrices: a line for every run of a method, a column for every cell."""

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from experiments.settings.errors import UserError
from experiments.tables.rows import Row, method

Cell = tuple[str, int]  # distribution and size


def by_method(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Rows of every method: `model@rule`; `task/model@rule` of a label that several tasks have."""
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
    """Whether the cell is as trained."""
    return row.shift == "none"


def shared_cells(methods: Mapping[str, Sequence[Row]]) -> list[Cell]:
    """The cells that are shifted for every method and that all runs of it were scored on."""
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
    """Scores of one metric and method, [runs, cells], runs in order of their seed.

    A model that is not defined for a cell (NaN) has the worst there is: 0, or an infinite error.
    Raises UserError for a run without a score in one of the cells, or with two.
    """
    seeds = sorted({row.seed for row in rows})
    found: dict[tuple[int, Cell], float] = {}
    for row in rows:
        place = row.seed, (row.distribution, row.size)
        if place in found and place[1] in cells:
            raise UserError(f"table: {row.model} has two scores in {place[1]}, of seed {row.seed}")
        found[place] = row.mean
    try:
        scores = np.array([[found[seed, cell] for cell in cells] for seed in seeds])
    except KeyError as error:
        raise UserError(f"table: {rows[0].model} has no score for {error}") from error
    return np.where(np.isnan(scores), 0.0 if perfect else math.inf, scores)


def variances_of(rows: Sequence[Row], cells: Sequence[Cell]) -> np.ndarray:
    """Variance by the instances of a method's mean on each cell [cells]; NaN: not known."""
    of_cell = {(row.distribution, row.size): row.estimate for row in rows}
    known = [of_cell.get(cell) for cell in cells]
    return np.array([np.nan if one is None else one.of_instances for one in known])


def goodness(scores: np.ndarray, *, perfect: float) -> np.ndarray:
    """Higher is better: errors, of which 0 is perfect, with the sign turned."""
    return scores if perfect else -scores


def home_scores(rows: Sequence[Row]) -> np.ndarray:
    """Mean of each run over the cells that are as trained, [runs], in order of their seed."""
    seeds = sorted({row.seed for row in rows})
    means = [[r.mean for r in rows if r.seed == seed and is_home(r)] for seed in seeds]
    return np.array([np.mean(of_run) if of_run else np.nan for of_run in means])


def on_home_family(rows: Sequence[Row]) -> tuple[int, dict[int, dict[int, float]]]:
    """The largest size that is as trained, and the scores at each size of that family, by seed.

    Of several families the mean over those that have the size. 0 and nothing where no cell is as
    trained.
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
