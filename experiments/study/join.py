"""The tables of all runs of a study as one, with its figures."""

import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from operator import attrgetter
from pathlib import Path
from typing import TypeVar

from data_gen.summary import CellSummary
from experiments.settings.errors import UserError
from experiments.statistics.text import format_table
from experiments.study.curves import curves_of
from experiments.study.estimates import estimates_of
from experiments.study.goals import goals_of
from experiments.tables.cells import read_cells, write_cells
from experiments.tables.curves import CurvePoint
from experiments.tables.estimates import MethodEstimate
from experiments.tables.goals import MetricGoal
from experiments.tables.rows import Row, marked, read_table, write_table
from experiments.tracking.mirrors import Tracker, mirrored
from experiments.tracking.source import source_of_study

LOG = logging.getLogger(__name__)
C = TypeVar("C", Row, CellSummary)
SCORE = ("config_hash", "seed", "distribution", "size", "steps_rule", "metric")  # what it is of
CELL = ("distribution", "size")
TABLES = ("transfer", "estimates", "cells", "metrics", "curves")


def run_folders(study_folder: Path) -> list[Path]:
    """The runs of a study that are done, in order of name."""
    return sorted(done.parent for done in study_folder.glob("*/DONE"))


def current_runs(study_folder: Path, wanted: Collection[str] | None = None) -> list[Path]:
    """Of every method the runs of one configuration: two are never pooled as seeds of one.

    Args:
        study_folder: where the run folders are.
        wanted: hashes of configurations that go before newer ones; None: those of the study's
            table, which its last sweep wrote.

    Raises:
        UserError: there is no run that is done, or a table cannot be read.
    """
    table = study_folder / "transfer.csv"
    if wanted is None:
        wanted = {row.config_hash for row in read_table(table)} if table.is_file() else ()
    chosen: dict[tuple[str, str], tuple[bool, float, str]] = {}
    about: dict[Path, tuple[tuple[str, str], str]] = {}
    for run in run_folders(study_folder):
        rows = read_table(run / "transfer.csv")
        if not rows:
            raise UserError(f"{run / 'transfer.csv'}: has no row")
        row = rows[0]
        method, when = (row.task, row.model), (run / "DONE").stat().st_mtime
        about[run] = method, row.config_hash
        rank = row.config_hash in wanted, when, row.config_hash
        chosen[method] = max(chosen.get(method, rank), rank)
    if not about:
        raise UserError(f"{study_folder}: there is no run in it that is done")
    for run, (method, config_hash) in about.items():
        if config_hash != chosen[method][-1]:
            LOG.warning("%s has another configuration of %s: left out", run, method[1])
    return [run for run, (method, config) in about.items() if config == chosen[method][-1]]


def collect(runs: list[Path]) -> tuple[list[Row], list[CellSummary]]:
    """The tables of runs as one."""
    tables = [path for run in runs for path in sorted(run.glob("transfer*.csv"))]
    rows = _most((r for path in tables for r in read_table(path)), attrgetter(*SCORE))
    tables = [path for run in runs for path in sorted(run.glob("cells*.csv"))]
    cells = _most((c for path in tables for c in read_cells(path)), attrgetter(*CELL))
    return marked(rows, goals_of(runs)), cells


def write_study(
    rows: list[Row], cells: list[CellSummary], runs: Sequence[Path], folder: Path
) -> list[Path]:
    """Write the joined tables of a study and of its runs, and draw its figures beside them."""
    from experiments.figures.exhibit import draw_figures  # a training needs no matplotlib

    write_table(rows, folder / "transfer.csv")
    write_table(estimates_of(rows, runs), folder / "estimates.csv", MethodEstimate)
    write_cells(cells, folder / "cells.csv")
    write_table(goals_of(runs), folder / "metrics.csv", MetricGoal)
    write_table(curves_of(runs), folder / "curves.csv", CurvePoint)
    tables = [folder / f"{name}.csv" for name in TABLES]
    return [*tables, *draw_figures(folder)]


def _most(found: Iterable[C], key: Callable[[C], object]) -> list[C]:
    """The rows, each thing once: of several for the same thing, that of most instances."""
    kept: dict[object, C] = {}
    for row in found:
        place = key(row)
        if place not in kept or row.num_instances >= kept[place].num_instances:
            kept[place] = row
    return list(kept.values())


def join_study(folder: Path, wanted: Collection[str], tracker: Tracker | None) -> None:
    """Join the tables of the runs in a study's folder, draw, print, say where; mirror the study.

    Of a method with several configurations, the one whose hash is wanted counts.
    """
    runs = current_runs(folder, wanted)
    rows, cells = collect(runs)
    paths = write_study(rows, cells, runs, folder)
    LOG.info("\n%s\n", format_table(read_table(folder / "transfer.csv")))
    for path in paths:
        LOG.info("%s", path)
    with mirrored(tracker, source_of_study(folder, folder.parent)):
        pass  # all of it is there
