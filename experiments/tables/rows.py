"""The transfer table: one row for every run, cell and metric; reading and writing of csv files."""

import csv
import dataclasses
import io
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from data_gen.files import write_atomically
from experiments.settings.errors import UserError
from experiments.tables.estimates import KEY, MethodEstimate
from experiments.tables.goals import MetricGoal
from experiments.tables.text import csv_records, safe

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


@dataclasses.dataclass(frozen=True)
class Row:
    """The score of one run on one cell in one metric; numbers are written with 6 digits."""

    study: str
    task: str
    model: str  # label of the run
    seed: int
    distribution: str
    size: int
    steps_rule: str  # "10", or "1x" for as many as the size; "" for a model without steps
    steps: float  # message-passing steps taken, mean over the instances
    shift: str  # none, size, distribution or both
    metric: str
    mean: float
    low: float  # 95 % interval of this run over instances; nan: none can be trusted
    high: float
    num_instances: int
    num_parameters: int
    config_hash: str
    data_hash: str
    commit: str
    versions: str
    device: str
    seconds: float  # of training
    # Not a column: whether the metric lies between 0 and 1, read from metrics.csv.
    is_share: bool = dataclasses.field(default=False, compare=False, metadata={"column": False})
    # Not a column: the estimate of the row's method over runs and instances, from estimates.csv.
    estimate: MethodEstimate | None = dataclasses.field(
        default=None, compare=False, metadata={"column": False}
    )


TIME_COLUMNS = frozenset({"seconds"})  # these differ when a run is repeated


R = TypeVar("R", bound="DataclassInstance")  # a row class: its fields are the columns


def write_table(
    rows: Iterable[R],
    path: Path,
    kind: type[R] = Row,
    before: Callable[[Path], object] | None = None,
) -> None:
    """Write rows of one class to a csv file, atomically.

    Args:
        rows: the rows.
        path: the file.
        kind: their class.
        before: as for `write_atomically`.
    """
    names = [field.name for field in columns_of(kind)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_text(getattr(row, name)) for name in names] for row in rows)
    write_atomically(path, lambda new: new.write_text(text.getvalue()), before=before)


def read_table(path: Path, kind: type[R] = Row) -> list[R]:
    """Read the rows of a csv file.

    Raises:
        UserError: the file is missing or is not a table of that class.
    """
    fields = columns_of(kind)
    types: dict[str, Any] = {f.name: safe if f.type is str else f.type for f in fields}
    optional = {field.name for field in fields if field.default is not dataclasses.MISSING}
    try:
        records = csv_records(path)
        rows = [
            kind(**{name: types[name](record[name]) for name in types if name not in absent})
            for record in records
            for absent in [optional - set(record)]
        ]
    except FileNotFoundError as error:
        raise UserError(f"{path}: there is no such table") from error
    except (KeyError, ValueError, TypeError, csv.Error) as error:
        raise UserError(f"{path}: not a table of {kind.__name__}s ({error!r})") from error
    return _with_tables_beside(rows, path) if kind is Row else rows


def _with_tables_beside(rows: list[Any], path: Path) -> list[Any]:
    """Add to rows of scores what metrics.csv and estimates.csv beside the table say."""
    goals, estimates = (path.with_name(f"{name}.csv") for name in ("metrics", "estimates"))
    if goals.is_file():
        rows = marked(rows, read_table(goals, MetricGoal))
    if path.name == "transfer.csv" and estimates.is_file():
        rows = with_estimates(rows, read_table(estimates, MethodEstimate))
    return rows


def with_estimates(rows: Iterable[Row], estimates: Iterable[MethodEstimate]) -> list[Row]:
    """Return the rows, each with the estimate of its method on its cell, if there is one."""
    found = {tuple(getattr(e, name) for name in KEY): e for e in estimates}
    return [
        dataclasses.replace(row, estimate=found.get(tuple(getattr(row, name) for name in KEY)))
        for row in rows
    ]


def columns_of(kind: type[R]) -> list[dataclasses.Field[Any]]:
    """Return the fields of a row class that are columns of its table."""
    return [field for field in dataclasses.fields(kind) if field.metadata.get("column", True)]


def marked(rows: Iterable[Any], goals: Iterable[MetricGoal]) -> list[Any]:
    """Return the rows, with `is_share` set for metrics that are shares."""
    shares = {(goal.task, goal.metric) for goal in goals if goal.is_share}
    return [
        dataclasses.replace(row, is_share=True) if (row.task, row.metric) in shares else row
        for row in rows
    ]


def method(row: Row) -> str:
    """Return the name of a row's method: `model`, or `model@rule` if it takes steps."""
    return f"{row.model}@{row.steps_rule}" if row.steps_rule else row.model


def _text(value: object) -> object:
    return f"{value:.6g}" if isinstance(value, float) else value
