"""Run folders by name or pattern, as a command line has them: `outputs/quickstart/*`."""

import logging
from glob import glob
from pathlib import Path

from experiments.run.folder import RunFolder
from experiments.settings.errors import UserError

LOG = logging.getLogger(__name__)


def done_runs(pattern: str, key: str = "run") -> list[RunFolder]:
    """The runs of a name or pattern that are complete, in order of name.

    Args:
        pattern: of folders.
        key: of the configuration, with which the line of an error begins.

    Raises:
        UserError: there is none.
    """
    folders = _runs(pattern, key)
    for folder in folders:
        if not folder.is_done:
            LOG.warning("%s is not done: left out", folder.path)
    done = [folder for folder in folders if folder.is_done]
    if not done:
        raise UserError(f"{key}: {folders[0].path} is not done, start its training again")
    return done


def done_run(pattern: str, task_label: str | None = None) -> RunFolder:
    """The one run of a name or pattern, and of that task if one is given; it has to be complete.

    Raises:
        UserError: there is none or several, or it is not done.
    """
    folders = _runs(pattern, "run")
    if task_label is not None:
        folders = [f for f in folders if f.load_config().get("task_label") == task_label]
    if len(folders) != 1:
        of_task = "" if task_label is None else f" of task_label {task_label!r}"
        raise UserError(f"run: {pattern!r} is the name of {len(folders)} runs{of_task}, of one is")
    if not folders[0].is_done:
        raise UserError(f"run: {folders[0].path} is not done, start its training again")
    return folders[0]


def _runs(pattern: str, key: str) -> list[RunFolder]:
    """Those that match, done or not; raises UserError if there is none."""
    if not pattern:
        raise UserError(f"{key}: '' is not a run folder")
    if Path(pattern).is_dir():
        return [RunFolder.existing(Path(pattern))]
    found = [RunFolder(Path(name)) for name in sorted(glob(pattern))]  # noqa: PTH207  (absolute)
    folders = [folder for folder in found if folder.config_path.is_file()]
    if not folders:
        raise UserError(f"{key}: {pattern!r} is not a run folder, nor a pattern of some")
    return folders
