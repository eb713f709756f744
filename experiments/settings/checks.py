"""Checks of configuration values that several commands share."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from experiments.settings.errors import UserError
from experiments.settings.kinds import MAPPING
from experiments.settings.schema import check_kind, plain


def check_mappings(config: DictConfig, keys: Sequence[str]) -> None:
    """Raise UserError for the first of the keys whose value is not a mapping."""
    for key in keys:
        check_kind(key, plain(OmegaConf.select(config, key)), MAPPING)


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
