"""Mirror what was trained without a tracker.

python -m experiments.mirror 'run=outputs/quickstart/*'

A mirror is made of files alone, so that of a run looks as if it had been there from the start.
"""

import json
import logging
from pathlib import Path

from omegaconf import DictConfig

from experiments.run.found import done_runs
from experiments.settings.checks import check_mappings, check_writable
from experiments.settings.command import start
from experiments.settings.errors import UserError, message
from experiments.settings.predicates import is_name
from experiments.tracking.mirrors import Tracker, tracker_of
from experiments.tracking.source import Source, source_of_run, source_of_study

LOG = logging.getLogger(__name__)


def mirror(config: DictConfig) -> None:
    """Mirror every run that `config.run` matches, and the study in the folder `config.study`.

    Raises:
        UserError: there is nothing to mirror, or nowhere to; or a mirror cannot be made.
    """
    check_mappings(config, ("machine",))
    check_writable(config, "machine.runs_dir")
    tracker = tracker_of(config)
    if tracker is None:
        raise UserError("tracking: 'off' is not allowed, wandb and tensorboard are")
    sources = _sources(config)
    if not sources:
        raise UserError("run: None is not allowed without a study, a run folder or a pattern is")
    for source in sources:
        _make_mirror(tracker, source)
        LOG.info("%s is in %s", source.folder, source.home)


def _sources(config: DictConfig) -> list[Source]:
    """What was asked for."""
    runs_dir = Path(config.machine.runs_dir)
    runs = done_runs(str(config.run)) if config.run is not None else []
    sources = [source_of_run(folder, folder.load_config(), runs_dir) for folder in runs]
    if config.study is not None:
        folder = Path(config.study).resolve()
        if not is_name(folder.name):
            raise UserError(f"study: {config.study!r} is not allowed, a folder with a name is")
        if not (folder / "transfer.csv").is_file():
            raise UserError(f"study: {folder} has no transfer.csv")
        sources.append(source_of_study(folder, runs_dir))
    return sources


def _make_mirror(tracker: Tracker, source: Source) -> None:
    """Now and whole; UserError of whatever stops it."""
    try:
        tracker.begin(source)
        for line in source.curve():
            tracker.log(json.loads(line))
        tracker.finish(source, failed=False)
    except UserError:
        raise
    except Exception as error:  # of the files, a disk, a package
        text = message(error)
        raise UserError(f"tracking: {source.folder} cannot be mirrored ({text})") from error


if __name__ == "__main__":
    start("mirror", mirror)
