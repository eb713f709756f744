"""Copy what a study is cited by into results/.

python -m experiments.publish study=quickstart

That is its table, every configuration that the table names, and of every run (or those that `runs`
matches) the configuration, the weights, the curve and the tables.
"""

import logging
import shutil
from collections.abc import Collection, Iterable
from fnmatch import fnmatch
from pathlib import Path

from omegaconf import DictConfig, OmegaConf, open_dict

from experiments.run.folder import RunFolder
from experiments.run.identity import config_hash
from experiments.settings.command import start
from experiments.settings.errors import UserError
from experiments.settings.places import CONF
from experiments.study.join import collect, current_runs, write_study

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
    """Replace `<results_dir>/<study>/runs`, and configurations, tables and figures beside it."""
    source = Path(config.runs_dir) / config.study
    target = Path(config.results_dir) / config.study
    if source.resolve() == target.resolve():
        raise UserError(f"results_dir: {target} is where the runs are")
    runs = current_runs(source)
    rows, cells = collect(runs)
    copies = target / "runs.new"
    shutil.rmtree(copies, ignore_errors=True)
    cited = [run for run in runs if fnmatch(run.name, str(config.runs))]
    if not cited:
        raise UserError(f"runs: {config.runs!r} is the name of no run in {source}")
    for run in cited:
        _copy_config(RunFolder(run), RunFolder(copies / run.name))
        for path in (path for pattern in CITED for path in run.glob(pattern)):
            shutil.copyfile(path, copies / run.name / path.name)
    publish_configurations(runs, {row.config_hash for row in rows}, target)
    _replace(copies, target / "runs")
    for path in write_study(rows, cells, runs, target):
        LOG.info("%s", path)


def publish_configurations(runs: Iterable[Path], hashes: Collection[str], folder: Path) -> None:
    """Replace `<folder>/configurations`: a yaml for each of the hashes that one of the runs has.

    Raises:
        UserError: the configuration of a run cannot be read.
    """
    copies = folder / "configurations.new"
    shutil.rmtree(copies, ignore_errors=True)
    copies.mkdir(parents=True)
    for run in runs:
        config = _placeless(RunFolder(run))
        path = copies / f"{config_hash(config)}.yaml"
        if path.stem in hashes and not path.exists():
            path.write_text(OmegaConf.to_yaml(config, resolve=True), encoding="utf-8")
    _replace(copies, folder / "configurations")


def _replace(new: Path, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    new.rename(folder)


def _copy_config(run: RunFolder, copy: RunFolder) -> None:
    copy.save_config(_placeless(run))


def _placeless(run: RunFolder) -> DictConfig:
    """Without the places of the machine that it ran on: they are no part of what it is."""
    config, defaults = run.load_config(), OmegaConf.load(CONF / "train.yaml")
    with open_dict(config):
        config.machine = defaults.machine
    return config


if __name__ == "__main__":
    start("publish", publish)
