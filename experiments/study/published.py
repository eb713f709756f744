"""Publish the runs and configurations of a study into its folder under results/."""

import shutil
from collections.abc import Collection, Iterable
from functools import partial
from pathlib import Path

from omegaconf import DictConfig, OmegaConf, open_dict

from data_gen.files import write_atomically
from data_gen.patterns import visible
from experiments.run.folder import RunFolder
from experiments.run.identity import config_hash
from experiments.settings.places import CONF

CITED = (
    "weights.safetensors",
    "metrics.jsonl",
    "seconds.json",
    "transfer*.csv",
    "cells*.csv",
    "DONE",
)


def publish_runs(cited: Iterable[Path], kept: Collection[str], folder: Path) -> None:
    """Replace `<folder>/runs` by copies of runs and the published runs that are kept.

    Args:
        cited: the runs to copy.
        kept: hashes of configurations whose published runs stay.
        folder: the folder of the published study.
    """
    copies = folder / "runs.new"
    shutil.rmtree(copies, ignore_errors=True)
    for run in cited:
        RunFolder(copies / run.name).save_config(_placeless(RunFolder(run)))
        for path in (path for pattern in CITED for path in visible(run, pattern)):
            shutil.copyfile(path, copies / run.name / path.name)
    for config in visible(folder, "runs/*/.hydra/config.yaml"):
        run = RunFolder(config.parents[1])
        if config_hash(run.load_config()) in kept:
            shutil.copytree(run.path, copies / run.path.name, copy_function=shutil.copyfile)
    _replace(copies, folder / "runs")


def publish_configurations(runs: Iterable[Path], hashes: Collection[str], folder: Path) -> None:
    """Replace `<folder>/configurations`: a yaml for each hash, from a run or the old folder.

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
            text = OmegaConf.to_yaml(config, resolve=True)
            write_atomically(path, partial(Path.write_text, data=text, encoding="utf-8"))
    for path in visible(folder, "configurations/*.yaml"):
        if path.stem in hashes and not (copies / path.name).exists():
            shutil.copyfile(path, copies / path.name)
    _replace(copies, folder / "configurations")


def _replace(new: Path, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    new.rename(folder)


def _placeless(run: RunFolder) -> DictConfig:
    """Return a run's configuration with default machine settings, without local paths."""
    config, defaults = run.load_config(), OmegaConf.load(CONF / "train.yaml")
    with open_dict(config):
        config.machine = defaults.machine
    return config
