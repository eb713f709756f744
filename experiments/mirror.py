"""Mirror finished runs and studies to a tracker.

python -m experiments.mirror 'run=outputs/quickstart/*'

A mirror is made from files only, so a late mirror of a run equals one made during its training.
"""

import json
import logging
from pathlib import Path

from omegaconf import DictConfig

from experiments.run.found import done_runs
from experiments.settings.checks import check_mappings, check_writable
from experiments.settings.command import start
from experiments.settings.errors import UserError, message
from experiments.settings.kinds import FOLDER, or_null
from experiments.settings.predicates import is_name
from experiments.settings.schema import check_kind
from experiments.tracking.mirrors import Tracker, tracker_of
from experiments.tracking.source import Source, source_of_run, source_of_study

LOG = logging.getLogger(__name__)


def mirror(config: DictConfig) -> None:
    """Mirror every run that `config.run` matches, and the study in the folder `config.study`.

    Raises:
        UserError: no source or no tracker is given, or a mirror cannot be made.
    """
    check_mappings(config, ("machine",))
    check_kind("machine.runs_dir", config.machine.runs_dir, FOLDER)
    check_writable(config, "machine.runs_dir")
    tracker = tracker_of(config)
    if tracker is None:
        found = "disabled" if config.tracking else "off"
        raise UserError(f"tracking must be wandb or tensorboard, got {found!r}")
    sources = _sources(config)
    if not sources:
        raise UserError("run must be a run folder or a pattern where study is null, got None")
    for source in sources:
        _make_mirror(tracker, source)
        LOG.info("%s is in %s", source.folder, source.home)


def _sources(config: DictConfig) -> list[Source]:
    """Return the runs and the study that the configuration names."""
    check_kind("study", config.study, or_null(FOLDER))
    runs_dir = Path(config.machine.runs_dir)
    runs = done_runs(str(config.run)) if config.run is not None else []
    sources = [source_of_run(folder, folder.load_config(), runs_dir) for folder in runs]
    if config.study is not None:
        folder = Path(config.study).resolve()
        if not is_name(folder.name):
            raise UserError(f"study must be a folder with a name, got {config.study!r}")
        if not (folder / "transfer.csv").is_file():
            raise UserError(f"study: {folder} has no transfer.csv")
        sources.append(source_of_study(folder, runs_dir))
    return sources


def _make_mirror(tracker: Tracker, source: Source) -> None:
    """Write the whole mirror of a source; raise UserError for any failure."""
    try:
        tracker.begin(source)
        for line in source.curve():
            tracker.log(json.loads(line))
        tracker.finish(source, failed=False)
    except UserError:
        raise
    except Exception as error:  # any error of the files, the disk or the tracker's package
        text = message(error)
        raise UserError(f"{source.folder}: cannot be mirrored ({text})") from error


if __name__ == "__main__":
    start("mirror", mirror)
