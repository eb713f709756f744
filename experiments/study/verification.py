"""Verify what is stored: files by their sums, data sets, scores and tables by making them again."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from data_gen.reading import read_bytes, sum_of, sums_of
from experiments.run.evaluation import scored
from experiments.run.folder import RunFolder
from experiments.run.parts import RunParts, TestCell
from experiments.run.stored import study_of, trained_model
from experiments.settings.errors import USER_ERRORS, one_line
from experiments.study.join import run_folders
from experiments.study.tables import SCORE, scores_of
from experiments.tables.rows import Row, columns_of, read_table

DIGITS = 1e-5  # relative difference of two numbers that were written with six digits
SHOWN = 3  # the number of places that a line names


class Verdict(StrEnum):
    """The result of one verification."""

    EQUAL = "equal"
    DIFFERENT = "different"
    NOT_COMPARABLE = "not comparable"


@dataclass(frozen=True)
class Finding:
    """One verification: what was verified, with which result, and where or why."""

    what: str
    verdict: Verdict
    about: str

    def __str__(self) -> str:
        return f"{self.what}: {self.verdict}, {self.about}"


def verify_run(folder: RunFolder, machine: DictConfig, num_cells: int | None) -> list[Finding]:
    """Verify the files of a run, its data sets, and the scores of its weights.

    Args:
        folder: a complete run.
        machine: the machine settings for scoring.
        num_cells: the number of cells to score again, the smallest first; None: all.
    """
    try:
        trained = folder.load_config()
        rows = read_table(folder.table_path())
        study = study_of(trained, {}, machine)
    except USER_ERRORS as error:
        return [_files(folder), Finding("scores", Verdict.NOT_COMPARABLE, one_line(error))]
    cells, data = _same_data(study, rows)
    return [_files(folder), data, _scores(study, folder, rows, cells[:num_cells])]


def verify_study(folder: Path) -> list[Finding]:
    """Verify that the table of a study has the rows of its runs."""
    home = folder / "runs" if (folder / "runs").is_dir() else folder
    try:
        stored = read_table(folder / "transfer.csv")
        made = [row for run in run_folders(home) for row in scores_of(run)]
    except USER_ERRORS as error:
        return [Finding("table", Verdict.DIFFERENT, one_line(error))]
    table = {_key(row): row for row in stored}
    made = [row for row in made if _key(row) in table]
    wrong = [_place(row) for row in made if _texts(row) != _texts(table[_key(row)])]
    if wrong:
        return [Finding("table", Verdict.DIFFERENT, f"in {_some(wrong)}")]
    without = len(table) - len(made)
    about = f"{len(made)} rows are those of their runs"
    if without:
        about += f"; the runs of {without} others are not here"
    return [Finding("table", Verdict.EQUAL if made else Verdict.NOT_COMPARABLE, about)]


def _files(folder: RunFolder) -> Finding:
    """Verify the sums of all files that a run wrote."""
    try:
        sums = sums_of(folder.path)
    except OSError as error:
        return Finding("files", Verdict.DIFFERENT, one_line(error))
    if not sums:
        return Finding("files", Verdict.NOT_COMPARABLE, "an older version wrote no SHA256SUMS")
    wrong = [name for name, wanted in sums.items() if _sum(folder.path, name) != wanted]
    if wrong:
        return Finding("files", Verdict.DIFFERENT, f"changed or missing: {_some(wrong)}")
    return Finding("files", Verdict.EQUAL, f"{len(sums)} files are as written")


def _sum(folder: Path, name: str) -> str:
    try:
        return sum_of(read_bytes(folder / name, folder))
    except OSError:
        return ""


def _same_data(study: RunParts, rows: Sequence[Row]) -> tuple[list[TestCell], Finding]:
    """Return the cells whose instances are still those of the table, smallest first."""
    wanted = {(row.distribution, row.size): row.data_hash for row in rows}
    cells = sorted(study.test_cells, key=lambda cell: (cell.size, cell.distribution))
    known = [cell for cell in cells if (cell.distribution, cell.size) in wanted]
    same, other = [], []
    for cell in known:
        place = cell.distribution, cell.size
        (same if cell.data_set.data_hash == wanted[place] else other).append(cell)
    if not known:
        return [], Finding("data", Verdict.NOT_COMPARABLE, "the table has none of its cells")
    if other:
        names = _some(f"{cell.distribution} {cell.size}" for cell in other)
        finding = Finding("data", Verdict.NOT_COMPARABLE, f"drawn in another way now: {names}")
    else:
        finding = Finding("data", Verdict.EQUAL, f"{len(same)} cells have the same instances")
    return same, finding


def _scores(
    study: RunParts, folder: RunFolder, rows: Sequence[Row], cells: Sequence[TestCell]
) -> Finding:
    """Score cells again, and compare with the rows of the table."""
    if not cells:
        return Finding("scores", Verdict.NOT_COMPARABLE, "no cell has the same instances")
    try:
        model = trained_model(study, folder)
        again = scored(study, model, cells, folder.load_seconds() or 0.0).rows
    except USER_ERRORS as error:
        return Finding("scores", Verdict.NOT_COMPARABLE, one_line(error))
    table = {_key(row): row for row in rows}
    pairs = [(row, table[_key(row)]) for row in again if _key(row) in table]
    if not pairs:
        return Finding("scores", Verdict.NOT_COMPARABLE, "the table has none of these scores")
    apart = {_place(row): _difference(row.mean, other.mean) for row, other in pairs}
    wrong = {place: by for place, by in apart.items() if by > 0}
    if wrong:
        first = sorted(wrong, key=lambda place: -wrong[place])
        told = _some(f"{place} by {wrong[place]:.2g}" for place in first)
        return Finding("scores", Verdict.DIFFERENT, f"{told}{_other_machine(again, rows)}")
    about = f"{len(pairs)} scores in {len(cells)} cells"
    ends = [(getattr(a, name), getattr(b, name)) for a, b in pairs for name in ("low", "high")]
    if any(_difference(*pair) for pair in ends):
        about += "; their intervals are estimated in another way now"
    return Finding("scores", Verdict.EQUAL, about)


def _difference(one: float, other: float) -> float:
    """Return the difference of two numbers beyond rounding; 0 if there is none."""
    by = abs(one - other)
    if math.isnan(by):
        return 0.0 if math.isnan(one) and math.isnan(other) else math.inf
    return by if by > DIGITS * max(abs(one), abs(other)) else 0.0


def _other_machine(again: Sequence[Row], rows: Sequence[Row]) -> str:
    """Return where the table was made, if that was with other versions or on another device."""
    now, then = ((of[0].versions, of[0].device) for of in (again, rows))
    return "" if now == then else f" (made with {then[0]} on {then[1]})"


def _key(row: Row) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in SCORE)


def _texts(row: Row) -> list[str]:
    """Return the columns of a row as they are written, so that nan equals nan."""
    columns = [getattr(row, field.name) for field in columns_of(Row)]
    return [f"{value:.6g}" if isinstance(value, float) else str(value) for value in columns]


def _place(row: Row) -> str:
    rule = f"@{row.steps_rule}" if row.steps_rule else ""
    return f"{row.metric}{rule} on {row.distribution} {row.size}"


def _some(places: Iterable[str]) -> str:
    """Return the first places, and the number of the others."""
    places = list(places)
    more = f" and {len(places) - SHOWN} more" if len(places) > SHOWN else ""
    return ", ".join(places[:SHOWN]) + more


def findings_of(
    runs: Sequence[RunFolder], studies: Sequence[Path], machine: DictConfig, num_cells: int | None
) -> Iterator[tuple[Path, Finding]]:
    """Yield every finding with the folder it is about."""
    for run in runs:
        yield from ((run.path, finding) for finding in verify_run(run, machine, num_cells))
    for study in studies:
        yield from ((study, finding) for finding in verify_study(study))
