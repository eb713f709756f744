"""A dashboard of a study, built from its tables.

python -m experiments.dashboard study=quickstart

It is a report of Weights & Biases: leaderboard and transfer matrix as tables, and panels over the
runs that `tracking=wandb` mirrors. The file is a function of the tables, and needs no server.
"""

import logging
from importlib.util import find_spec
from pathlib import Path

from omegaconf import DictConfig

from data_gen.files import write_atomically
from experiments.settings.checks import check_writable
from experiments.settings.command import start
from experiments.settings.errors import UserError, message
from experiments.settings.predicates import is_flag, is_name
from experiments.tracking.source import Source, source_of_study
from experiments.tracking.wandb import check_key
from experiments.tracking.wandb_report import report, serialised

LOG = logging.getLogger(__name__)


def dashboard(config: DictConfig) -> None:
    """Write the report's file; save it on the server if that is asked for.

    Raises:
        UserError: a value that is not allowed, a package or key that is missing, a file that is
            there and differs; all before any work.
    """
    _check(config)
    source = _source(config)
    path = Path(config.file)
    text = serialised(report(source, config.project, config.metric))
    if path.exists() and path.read_text() != text and not config.overwrite:
        raise UserError(f"file: {path} exists and differs, take another name or overwrite=true")
    write_atomically(path, lambda temporary: temporary.write_text(text))
    LOG.info("%s", path)
    if config.upload:
        LOG.info("%s", _save(source, config))


def _check(config: DictConfig) -> None:
    """Of what can be known before any work."""
    for key, is_allowed, allowed in (
        ("study", is_name, "a name is"),
        ("project", is_name, "a name is"),
        ("upload", is_flag, "true and false are"),
        ("overwrite", is_flag, "true and false are"),
    ):
        if not is_allowed(config[key]):
            raise UserError(f"{key}: {config[key]!r} is not allowed, {allowed}")
    if Path(config.file).is_dir():
        raise UserError(f"file: {config.file} is a folder")
    if not Path(config.file).exists():
        check_writable(config, "file")
    if find_spec("wandb_workspaces") is None:
        raise UserError(
            "wandb-workspaces is not installed: pip install -r requirements-tracking.txt"
        )
    if config.upload:
        if not is_name(config.entity):
            raise UserError(f"entity: {config.entity!r} is not allowed with upload, a name is")
        check_key("upload: true")


def _source(config: DictConfig) -> Source:
    """The study's folder; raises UserError without a table, or without the metric."""
    folder = Path(config.results_dir) / config.study
    source = source_of_study(folder, folder.parent)
    if not (folder / "transfer.csv").is_file():
        raise UserError(f"study: {folder} has no transfer.csv")
    metrics = sorted({row.metric for row in source.rows()})
    if config.metric is not None and config.metric not in metrics:
        raise UserError(f"metric: {config.metric!r} is not allowed, {', '.join(metrics)} are")
    return source


def _save(source: Source, config: DictConfig) -> str:
    """Save on the server; the address."""
    made = report(source, config.project, config.metric, config.entity)
    try:
        made.save()
    except Exception as error:  # of a network, a server
        text = message(error)
        raise UserError(f"upload: the server does not take it ({text})") from error
    return made.url


if __name__ == "__main__":
    start("dashboard", dashboard)
