"""Checks of configuration values that several commands share."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from experiments.settings.errors import UserError
from experiments.settings.kinds import FOLDER, MAPPING, NAME, or_null
from experiments.settings.schema import check_kind, plain


def check_mappings(config: DictConfig, keys: Sequence[str]) -> None:
    """Raise UserError for the first of the keys whose value is not a mapping."""
    for key in keys:
        check_kind(key, plain(OmegaConf.select(config, key)), MAPPING)


def check_places(config: DictConfig, nullable: Sequence[str] = ()) -> None:
    """Raise UserError for a wrong name of a study, or of the folders in which studies are.

    Args:
        config: the configuration of a command that reads a study.
        nullable: the keys that may be null.
    """
    for key, kind in (("study", NAME), ("results_dir", FOLDER), ("runs_dir", FOLDER)):
        if key in config:
            check_kind(key, config[key], or_null(kind) if key in nullable else kind)


def check_writable(config: DictConfig, key: str) -> None:
    """Raise UserError if the folder that a key names cannot be created or written to."""
    folder = Path(OmegaConf.select(config, key))
    try:
        place = next(path for path in (folder, *folder.absolute().parents) if path.exists())
        with tempfile.TemporaryFile(dir=place):  # os.access is true for root even on /proc
            pass
    except OSError as error:
        reason = error.strerror or error
        raise UserError(
            f"{key} must be a folder that can be written to, got {os.fspath(folder)!r} ({reason})"
        ) from error
