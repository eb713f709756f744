"""Copy what a study is cited by into results/.

python -m experiments.publish study=quickstart

That is its table, and of every run the configuration, the weights, the curve and the tables.
"""

import logging
import shutil
from pathlib import Path

from omegaconf import DictConfig

from experiments.cli import start
from experiments.collect import collect, run_folders
from experiments.table import write_table

LOG = logging.getLogger(__name__)
CITED = (".hydra/config.yaml", "weights.safetensors", "metrics.jsonl", "cells.csv", "DONE")


def publish(config: DictConfig) -> None:
    """Replace `<results_dir>/<study>/runs` and the table beside it."""
    source = Path(config.runs_dir) / config.study
    target = Path(config.results_dir) / config.study
    rows = collect(source)
    shutil.rmtree(target / "runs", ignore_errors=True)
    for run in run_folders(source):
        tables = [str(path.relative_to(run)) for path in run.glob("transfer*.csv")]
        for name in (*CITED, *tables):
            copy = target / "runs" / run.name / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(run / name, copy)
    write_table(rows, target / "transfer.csv")
    LOG.info("%s", target)


if __name__ == "__main__":
    start("publish", publish)
