"""Build a dashboard of a study from its tables.

python -m experiments.dashboard study=quickstart

The dashboard is a report of Weights & Biases: leaderboard, transfer matrix, and panels over the
runs that `tracking=wandb` mirrors. The file depends on the tables and the project only.
"""

import logging
from importlib.util import find_spec
from pathlib import Path

from omegaconf import DictConfig

from data_gen.files import write_atomically
from experiments.settings.checks import check_places, check_writable
from experiments.settings.command import start
from experiments.settings.errors import UserError, message, not_one_of
from experiments.settings.kinds import FILE, FLAG, NAME
from experiments.settings.schema import check_kind
from experiments.tracking.source import Source, source_of_study
from experiments.tracking.wandb import check_key
from experiments.tracking.wandb_place import entity_of, project_of
from experiments.tracking.wandb_report import report, serialised

LOG = logging.getLogger(__name__)


def dashboard(config: DictConfig) -> None:
    """Write the report's file; with `upload`, also save the report on the server.

    Raises:
        UserError: a value is not allowed, a package or API key is missing, or a different file
            of that name exists; all before any work.
    """
    _check(config)
    source = _source(config)
    path = Path(config.file)
    text = serialised(report(source, _place(config)[0], config.metric))
    if path.exists() and path.read_text() != text and not config.overwrite:
        raise UserError(f"file: {path} exists and differs, take another name or overwrite=true")
    write_atomically(path, lambda temporary: temporary.write_text(text))
    LOG.info("%s", path)
    if config.upload:
        LOG.info("%s", _save(source, config))


def _place(config: DictConfig) -> tuple[str, str | None]:
    """Return the project and the entity; raise UserError if one is not a name."""
    try:
        return project_of(config.project), entity_of(config.entity)
    except ValueError as error:
        raise UserError(str(error)) from error


def _check(config: DictConfig) -> None:
    """Raise UserError for everything that can be checked before any work."""
    check_places(config)
    _, entity = _place(config)
    for key, kind in (("file", FILE), ("upload", FLAG), ("overwrite", FLAG)):
        check_kind(key, config[key], kind)
    if Path(config.file).is_dir():
        raise UserError(f"file must be the path of a file, got {config.file!r} (a folder)")
    if not Path(config.file).exists():
        check_writable(config, "file")
    if find_spec("wandb_workspaces") is None:
        line = "wandb-workspaces is not installed: pip install -r requirements-tracking.txt"
        raise UserError(line)
    if config.upload and entity is None:
        raise UserError(f"entity must be {NAME.words} with upload, got None")
    if config.upload:
        check_key("upload: true")


def _source(config: DictConfig) -> Source:
    """Return the study's folder as a source; raise UserError without a table or the metric."""
    folder = Path(config.results_dir) / config.study
    source = source_of_study(folder, folder.parent)
    if not (folder / "transfer.csv").is_file():
        raise UserError(f"study: {folder} has no transfer.csv")
    metrics = sorted({row.metric for row in source.rows()})
    if config.metric is not None and config.metric not in metrics:
        raise not_one_of("metric", config.metric, metrics)
    return source


def _save(source: Source, config: DictConfig) -> str:
    """Save the report on the server; return its address."""
    project, entity = _place(config)
    made = report(source, project, config.metric, entity or "")
    try:
        made.save()
    except Exception as error:  # any error of a network or a server
        text = message(error)
        raise UserError(f"upload: the server refuses the report ({text})") from error
    return made.url


if __name__ == "__main__":
    start("dashboard", dashboard)
