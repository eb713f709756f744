"""Find run folders by a name or pattern of the command line: `outputs/quickstart/*`."""

import logging
from collections.abc import Mapping
from pathlib import Path

from data_gen.patterns import matching
from data_gen.reading import check_inside
from experiments.run.folder import RunFolder
from experiments.run.identity import config_hash
from experiments.settings.errors import UserError

LOG = logging.getLogger(__name__)


def done_runs(pattern: str, key: str = "run") -> list[RunFolder]:
    """Return the complete runs that match a name or pattern, in order of name.

    Args:
        pattern: a run folder or a pattern of run folders.
        key: the key of the configuration, for error messages.

    Raises:
        UserError: no complete run matches.
    """
    folders = _runs(pattern, key)
    for folder in folders:
        if not folder.is_done:
            LOG.warning("%s is not done: left out", folder.path)
    done = [folder for folder in folders if folder.is_done]
    if not done:
        raise UserError(f"{key}: {folders[0].path} is not done, start its training again")
    trainings = {}
    for folder in done:
        config = folder.load_config()
        trainings[folder.path] = config_hash(config), int(config.seed)
    kept = without_copies(trainings)
    return [folder for folder in done if folder.path in kept]


def without_copies(trainings: Mapping[Path, tuple[str, int]]) -> list[Path]:
    """Return one folder for each training: a copy of a run is not another seed.

    The folder that still has the name of its run is kept, or else the first.

    Args:
        trainings: run folder -> hash of its configuration, and seed.
    """
    kept: dict[tuple[str, int], Path] = {}
    for path, training in trainings.items():
        config, seed = training
        has_its_name = path.name.endswith(f"-seed{seed}-{config[:8]}")
        if training not in kept or has_its_name:
            kept[training] = path
    for path, training in trainings.items():
        if path != kept[training]:
            LOG.warning("%s is a copy of %s: left out", path, kept[training])
    return [path for path in trainings if path == kept[trainings[path]]]


def done_run(pattern: str, task_label: str | None = None) -> RunFolder:
    """Return the only run that matches a name or pattern, and a task label if one is given.

    Raises:
        UserError: no run or several runs match, or the run is not complete.
    """
    folders = _runs(pattern, "run")
    if task_label is not None:
        folders = [f for f in folders if f.load_config().get("task_label") == task_label]
    if len(folders) != 1:
        of_task = "" if task_label is None else f" of task_label {task_label!r}"
        raise UserError(f"run must match one run{of_task}, got {pattern!r} ({len(folders)} runs)")
    if not folders[0].is_done:
        raise UserError(f"run: {folders[0].path} is not done, start its training again")
    return folders[0]


def _runs(pattern: str, key: str) -> list[RunFolder]:
    """Return the runs that match, complete or not; raise UserError if there is none.

    A run may be a link that the user names, not one that a pattern finds.
    """
    if not pattern:
        raise UserError(f"{key} must be a run folder or a pattern of run folders, got ''")
    if Path(pattern).is_dir():
        return [RunFolder.existing(Path(pattern))]
    found = [RunFolder(path) for path in matching(pattern)]
    for folder in found:
        check_inside(folder.path, folder.path.parent)
    folders = [folder for folder in found if folder.config_path.is_file()]
    if not folders:
        raise UserError(f"{key} must be a run folder or a pattern of run folders, got {pattern!r}")
    return folders
