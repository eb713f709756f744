"""Helpers of the tests of trackers: the places of mirrors and the contents of a complete one."""

import json
import math
import os

from experiments.tables.rows import Row, columns_of, read_table
from experiments.tracking.source import summary
from tests.experiments import wandb_files


def folders(tmp_path):
    return [f"machine.runs_dir={tmp_path}/runs", f"machine.data_dir={tmp_path}/data"]


def own_environment():
    """Return an environment without a connection that another test may have made."""
    return {name: value for name, value in os.environ.items() if name != "WANDB_SERVICE"}


def the_run(tmp_path):
    (folder,) = (tmp_path / "runs" / "default").glob("*-seed*")
    return folder


def the_mirror(tmp_path, study="default"):
    (mirror,) = (tmp_path / "runs" / study / "wandb").glob("offline-run-*")
    return mirror


def lines_of(run):
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def without_nan(values):
    return [None if isinstance(v, float) and math.isnan(v) else v for v in values]


def assert_whole(mirror, run):
    """Check that a mirror has every line of the curve and of the table, a summary and an end."""
    sent = wandb_files.history(mirror)
    assert [line for line in sent if "step" in line] == lines_of(run)
    rows = read_table(run / "transfer.csv")
    columns, data = wandb_files.table(mirror)
    assert columns == [column.name for column in columns_of(Row)]
    assert data == [without_nan(getattr(row, name) for name in columns) for row in rows]
    final = wandb_files.summary(mirror)
    assert {key: final[key] for key in summary(rows)} == summary(rows)
    by_size = [line for line in sent if "size" in line]
    assert [line["size"] for line in by_size] == sorted({row.size for row in rows})
    assert wandb_files.exit_code(mirror) == 0
