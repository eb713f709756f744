"""Copy what a study is cited by into results/.

python -m experiments.publish study=quickstart

That is its table, and of every run (or those that `runs` matches) the configuration, the weights,
the curve and the tables.
"""

import logging
import shutil
from fnmatch import fnmatch
from pathlib import Path

from omegaconf import DictConfig, OmegaConf, open_dict

from experiments.cli import CONF, start
from experiments.collect import collect, current_runs, write_study
from experiments.errors import UserError
from experiments.run_folder import RunFolder

LOG = logging.getLogger(__name__)
CITED = (
    "weights.safetensors",
    "metrics.jsonl",
    "seconds.json",
    "transfer*.csv",
    "cells*.csv",
    "DONE",
)


def publish(config: DictConfig) -> None:
    """Replace `<results_dir>/<study>/runs`, and the tables and figures beside it."""
    source = Path(config.runs_dir) / config.study
    target = Path(config.results_dir) / config.study
    if source.resolve() == target.resolve():
        raise UserError(f"results_dir: {target} is where the runs are")
    rows, cells = collect(source)
    copies = target / "runs.new"
    shutil.rmtree(copies, ignore_errors=True)
    runs = current_runs(source)
    cited = [run for run in runs if fnmatch(run.name, str(config.runs))]
    if not cited:
        raise UserError(f"runs: {config.runs!r} is the name of no run in {source}")
    for run in cited:
        _copy_config(RunFolder(run), RunFolder(copies / run.name))
        for path in (path for pattern in CITED for path in run.glob(pattern)):
            shutil.copyfile(path, copies / run.name / path.name)
    shutil.rmtree(target / "runs", ignore_errors=True)
    copies.rename(target / "runs")
    for path in write_study(rows, cells, runs, target):
        LOG.info("%s", path)


def _copy_config(run: RunFolder, copy: RunFolder) -> None:
    """Without the places of the machine that it ran on: they are no part of what it is."""
    config, defaults = run.load_config(), OmegaConf.load(CONF / "train.yaml")
    with open_dict(config):
        config.machine = defaults.machine
    copy.save_config(config)


if __name__ == "__main__":
    start("publish", publish)
