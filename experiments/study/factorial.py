"""The scores of a factorial study, whose arms are named by their choices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import cast

import numpy as np

from experiments.run.folder import RunFolder
from experiments.settings.errors import UserError, not_one_of
from experiments.statistics.matrix import Cell
from experiments.tables.rows import read_table

Choices = tuple[str, ...]  # the choices of an arm, one for each factor


@dataclass(frozen=True)
class Factorial:
    """The scores of every arm on every cell, and the levels of each factor."""

    levels: Sequence[Sequence[str]]  # in order of appearance
    scores: Mapping[tuple[Cell, Choices], np.ndarray]  # [runs, instances]

    @property
    def cells(self) -> list[Cell]:
        """All cells, in order."""
        return list(dict.fromkeys(cell for cell, _ in self.scores))

    def pairs(
        self, cell: Cell, factor: int, choice: str, reference: str
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return the scores of all pairs of arms that differ only in the factor.

        Args:
            cell: the cell.
            factor: the number of the factor.
            choice: the level of the first arm of a pair.
            reference: the level of the second arm.

        Returns:
            Pairs of scores, each [runs, instances].
        """
        found = []
        others = [levels if k != factor else [choice] for k, levels in enumerate(self.levels)]
        for arm in product(*others):
            twin = (*arm[:factor], reference, *arm[factor + 1 :])
            if (cell, arm) in self.scores and (cell, twin) in self.scores:
                found.append((self.scores[cell, arm], self.scores[cell, twin]))
        return found


def factorial_of(runs: Sequence[Path], metric: str) -> Factorial:
    """Read the scores of all arms whose names have the usual number of parts.

    Raises:
        UserError: there is no such metric, a table cannot be read, or some arms have fewer runs
            than others.
    """
    tables = {run: read_table(run / "transfer.csv") for run in runs}
    metrics = dict.fromkeys(row.metric for rows in tables.values() for row in rows)
    if metric not in metrics:
        raise not_one_of("metric", metric, metrics)
    named = [(run, rows[0]) for run, rows in tables.items()]
    counts = [row.model.count("_") for _, row in named]
    usual = max(set(counts), key=counts.count)
    scores: dict[tuple[Cell, Choices], list[np.ndarray]] = {}
    for run, row in named:
        if row.model.count("_") != usual or row.steps_rule == "":
            continue  # the name of the arm is not made of choices
        frame = RunFolder(run).load_instances()
        choices = (row.task, *row.model.split("_"))
        for cell, of_cell in frame.groupby(["distribution", "size"], sort=False):
            name, size = cast("tuple[str, int]", cell)
            place = (str(name), int(size)), choices
            scores.setdefault(place, []).append(of_cell.sort_values("index")[metric].to_numpy())
    if len({len(of_runs) for of_runs in scores.values()}) > 1:
        raise UserError("study: some arms have fewer runs than others, train them first")
    arms = dict.fromkeys(choices for _, choices in scores)
    levels = [list(dict.fromkeys(column)) for column in zip(*arms, strict=True)]
    return Factorial(levels, {place: np.stack(of_runs) for place, of_runs in scores.items()})
