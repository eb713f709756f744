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


def publish_runs(cited: Iterable[Path], kept: Collection[str], folder: Path) -> None:
    """Replace the runs in `<folder>/runs`, except for those that are kept.

    Args:
        cited: the runs to copy.
        kept: hashes of configurations whose published runs stay.
        folder: the folder of the published study, which nobody else reads or writes.

    Raises:
        UserError: a file of a run cannot be read, or is not the one that the run wrote.
    """
    for path in visible(folder, "runs/*"):
        run = RunFolder(path)
        if not run.config_path.is_file() or config_hash(run.load_config()) not in kept:
            shutil.rmtree(path)
    for path in cited:
        _copy(RunFolder(path), RunFolder(folder / "runs" / path.name))


def _copy(run: RunFolder, copy: RunFolder) -> None:
    """Copy what is cited of a run, with the sums of the copies."""
    shutil.rmtree(copy.path, ignore_errors=True)
    copy.save_config(_placeless(run))
    for path in run.written:
        if path != run.config_path and path.suffix != ".parquet":
            (copy.path / path.name).write_bytes(run.read(path))
    copy.record(copy.written)
    copy.finish()


def publish_configurations(runs: Iterable[Path], hashes: Collection[str], folder: Path) -> None:
    """Keep a yaml for each hash in `<folder>/configurations`, of a run or of before.

    Raises:
        UserError: the configuration of a run cannot be read.
    """
    for path in visible(folder, "configurations/*.yaml"):
        if path.stem not in hashes:
            path.unlink()
    for run in runs:
        config = _placeless(RunFolder(run))
        path = folder / "configurations" / f"{config_hash(config)}.yaml"
        if path.stem in hashes:
            text = OmegaConf.to_yaml(config, resolve=True)
            write_atomically(path, partial(Path.write_text, data=text, encoding="utf-8"))


def _placeless(run: RunFolder) -> DictConfig:
    """Return a run's configuration with default machine settings, without local paths."""
    config, defaults = run.load_config(), OmegaConf.load(CONF / "train.yaml")
    with open_dict(config):
        config.machine = defaults.machine
    return config
