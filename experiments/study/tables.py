"""The tables of a study, made from its runs or read from its folder."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Protocol, TypeVar

from data_gen.patterns import visible
from data_gen.summary import CellSummary
from experiments.study.curves import curves_of
from experiments.study.estimates import estimates_of
from experiments.study.goals import goals_of
from experiments.study.same_instances import (
    on_the_same_instances,
    warn_of_methods,
    warn_of_two_evaluations,
)
from experiments.tables.cells import read_cells, write_cells
from experiments.tables.curves import CurvePoint
from experiments.tables.estimates import MethodEstimate
from experiments.tables.goals import MetricGoal
from experiments.tables.rows import R, Row, marked, read_table, with_estimates, write_table


class Counted(Protocol):
    """A record that summarises a number of instances."""

    @property
    def num_instances(self) -> int:
        """The number of instances."""
        ...


class OfMethod(Protocol):
    """A record about a method: a model on a task."""

    @property
    def task(self) -> str:
        """The label of the task."""
        ...

    @property
    def model(self) -> str:
        """The label of the model."""
        ...


C = TypeVar("C", bound=Counted)
M = TypeVar("M", bound=OfMethod)
SCORE = ("config_hash", "seed", "distribution", "size", "steps_rule", "metric")  # key of a score
CELL = ("distribution", "size")


@dataclass(frozen=True)
class StudyTables:
    """Scores, estimates over runs and instances, cell summaries, metrics and learning curves."""

    rows: list[Row]
    estimates: list[MethodEstimate]
    cells: list[CellSummary]
    goals: list[MetricGoal]
    curves: list[CurvePoint]

    @classmethod
    def of_runs(cls, runs: Sequence[Path]) -> "StudyTables":
        """Make the tables of runs; of two evaluations of a cell, the one of more instances counts.

        Raises:
            UserError: a table of a run cannot be read.
        """
        every_row = [row for run in runs for row in _rows_of(run)]
        warn_of_two_evaluations(every_row)
        rows = on_the_same_instances(_most(every_row, attrgetter(*SCORE)))
        tables = [path for run in runs for path in visible(run, "cells*.csv")]
        cells = _most((c for path in tables for c in read_cells(path)), attrgetter(*CELL))
        goals, estimates = goals_of(runs), estimates_of(rows, runs)
        rows = with_estimates(marked(rows, goals), estimates)
        return cls(rows, estimates, cells, goals, curves_of(runs))

    @classmethod
    def of_folder(cls, folder: Path) -> "StudyTables":
        """Read the tables in the folder of a study; missing tables are empty.

        Raises:
            UserError: a table cannot be read.
        """

        def stored(name: str, kind: type[R]) -> list[R]:
            path = folder / f"{name}.csv"
            return read_table(path, kind) if path.is_file() else []

        cells = folder / "cells.csv"
        return cls(
            rows=stored("transfer", Row),
            estimates=stored("estimates", MethodEstimate),
            cells=read_cells(cells) if cells.is_file() else [],
            goals=stored("metrics", MetricGoal),
            curves=stored("curves", CurvePoint),
        )

    def with_methods_of(self, other: "StudyTables") -> "StudyTables":
        """Return these tables with the methods of `other` that have no run here.

        It warns of cells on which methods were scored on different instances.
        """
        mine = {(row.task, row.model) for row in self.rows}

        def others(found: Iterable[M]) -> list[M]:
            return [one for one in found if (one.task, one.model) not in mine]

        rows = self.rows + others(other.rows)
        warn_of_methods(rows)
        return StudyTables(
            rows=rows,
            estimates=self.estimates + others(other.estimates),
            cells=_most(other.cells + self.cells, attrgetter(*CELL)),
            goals=sorted({*other.goals, *self.goals}, key=lambda goal: (goal.task, goal.metric)),
            curves=self.curves + others(other.curves),
        )

    def write(self, folder: Path) -> list[Path]:
        """Write a csv file for each table; return their paths."""
        write_table(self.rows, folder / "transfer.csv")
        write_table(self.estimates, folder / "estimates.csv", MethodEstimate)
        write_cells(self.cells, folder / "cells.csv")
        write_table(self.goals, folder / "metrics.csv", MetricGoal)
        write_table(self.curves, folder / "curves.csv", CurvePoint)
        names = ("transfer", "estimates", "cells", "metrics", "curves")
        return [folder / f"{name}.csv" for name in names]


def scores_of(run: Path) -> list[Row]:
    """Return one row for each score of a run: of two evaluations, that of more instances.

    Raises:
        UserError: a table cannot be read.
    """
    return _most(_rows_of(run), attrgetter(*SCORE))


def _rows_of(run: Path) -> list[Row]:
    return [row for path in visible(run, "transfer*.csv") for row in read_table(path)]


def _most(found: Iterable[C], key: Callable[[C], object]) -> list[C]:
    """Keep one record for each key: the one with most instances."""
    kept: dict[object, C] = {}
    for one in found:
        place = key(one)
        if place not in kept or one.num_instances >= kept[place].num_instances:
            kept[place] = one
    return list(kept.values())
