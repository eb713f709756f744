"""Join the tables of all runs of a study, and draw its figures."""

import logging
from collections.abc import Collection
from pathlib import Path

from data_gen.patterns import visible
from data_gen.replaced import locked
from experiments.run.folder import RunFolder
from experiments.run.found import without_copies
from experiments.settings.errors import UserError, one_line
from experiments.settings.overrides import as_override
from experiments.statistics.findings import findings
from experiments.statistics.summary import summary
from experiments.study.curves import curves_of
from experiments.study.tables import StudyTables
from experiments.tables.cells import read_cells
from experiments.tables.rows import Row, read_table
from experiments.tracking.mirrors import Tracker, mirrored
from experiments.tracking.source import source_of_study

LOG = logging.getLogger(__name__)
SHOWN = {"tables": {".csv", ".tex"}, "figures": {".png", ".gif"}}  # each figure is a PDF as well


def run_folders(study_folder: Path) -> list[Path]:
    """Return the complete runs of a study, in order of name."""
    return [done.parent for done in visible(study_folder, "*/DONE")]


def current_runs(
    study_folder: Path, wanted: Collection[str] | None = None, *, skips_damaged: bool = False
) -> list[Path]:
    """Return for every method the runs of one configuration; configurations are never pooled.

    Args:
        study_folder: the folder of the run folders.
        wanted: hashes of configurations to prefer over newer ones; None: the configurations in the
            study's table, which its last sweep wrote.
        skips_damaged: whether a run that cannot be read is left out, with a warning.

    Raises:
        UserError: there is no complete run that can be read, or one that is not skipped cannot.
    """
    if wanted is None:
        wanted = _configurations(study_folder / "transfer.csv")
    first_rows = _first_rows(study_folder, skips_damaged=skips_damaged)
    chosen: dict[tuple[str, str], tuple[bool, float, str]] = {}
    about: dict[Path, tuple[tuple[str, str], str]] = {}
    for run in without_copies({p: (row.config_hash, row.seed) for p, row in first_rows.items()}):
        row = first_rows[run]
        method, when = (row.task, row.model), (run / "DONE").stat().st_mtime
        about[run] = method, row.config_hash
        rank = row.config_hash in wanted, when, row.config_hash
        chosen[method] = max(chosen.get(method, rank), rank)
    if not about:
        raise UserError(f"{study_folder}: there is no complete run that can be read")
    for run, (method, config_hash) in about.items():
        if config_hash != chosen[method][-1]:
            LOG.warning("%s has another configuration of %s: left out", run, method[1])
    return [run for run, (method, config) in about.items() if config == chosen[method][-1]]


def _first_rows(study_folder: Path, *, skips_damaged: bool) -> dict[Path, Row]:
    """Return the first row of the table of each complete run; skip or refuse damaged runs."""
    first_rows: dict[Path, Row] = {}
    for run in run_folders(study_folder):
        try:
            first_rows[run] = _readable(run)
        except (UserError, OSError) as error:
            advice = f"{one_line(error)}; to train it again, delete {run}"
            if not skips_damaged:
                raise UserError(advice) from error
            LOG.warning("left out: %s", advice)
    return first_rows


def _configurations(table: Path) -> set[str]:
    """Return the configurations in a study's table; none if it is missing or damaged."""
    try:
        return {row.config_hash for row in read_table(table)} if table.is_file() else set()
    except UserError as error:
        LOG.warning("%s; it is written again", error)
        return set()


def _readable(run: Path) -> Row:
    """Return the first row of a run's table, after reading everything that a study joins.

    Raises:
        UserError: a table, the curve or the configuration of the run is damaged.
    """
    rows = read_table(run / "transfer.csv")
    if not rows:
        raise UserError(f"{run / 'transfer.csv'}: the table has no rows")
    for path in visible(run, "transfer-*.csv"):
        read_table(path)
    for path in visible(run, "cells*.csv"):
        read_cells(path)
    RunFolder(run).load_config()
    curves_of([run])
    return rows[0]


def write_study(tables: StudyTables, folder: Path) -> list[Path]:
    """Write the joined tables of a study, and draw its figures beside them."""
    from experiments.figures.exhibit import (
        draw_figures,
    )  # a training without figures needs no matplotlib

    return [*tables.write(folder), *draw_figures(folder)]


def join_study(folder: Path, wanted: Collection[str], tracker: Tracker | None) -> None:
    """Join the tables of the runs in a study's folder, draw its figures, and mirror the study.

    Args:
        folder: the folder of the study.
        wanted: hashes of configurations to prefer if a method has several.
        tracker: the tracker for the mirror, or None.

    Raises:
        UserError: there is no complete run, or a table cannot be read.
    """
    runs = current_runs(folder, wanted, skips_damaged=True)
    tables = StudyTables.of_runs(runs)
    with locked(folder):
        paths = write_study(tables, folder)
    LOG.info("\n%s\n", summary(tables.rows, tables.goals))
    for kind, suffixes in SHOWN.items():
        named = [path.name for path in paths if path.suffix in suffixes]
        if named:
            LOG.info("%s in %s: %s", kind, folder, ", ".join(named))
    if not any(path.suffix == ".png" for path in paths):
        words = as_override("results_dir", str(folder.parent)), as_override("study", folder.name)
        LOG.info("its scores as a figure: python -m experiments.plot %s %s", *words)
    LOG.info("\n%s\n", "\n".join(findings(tables.rows, tables.goals)))
    with mirrored(tracker, source_of_study(folder, folder.parent)):
        pass  # all files exist already
