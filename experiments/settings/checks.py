"""Checks of a configuration that all commands share."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from experiments.settings.errors import UserError
from experiments.settings.predicates import (
    Test,
)


def check_mappings(config: DictConfig, keys: Sequence[str]) -> None:
    """Raise UserError for the first key that has no mapping below it."""
    for key in keys:
        check(config, key, lambda value: isinstance(value, DictConfig), "a mapping is")


def check_writable(config: DictConfig, key: str) -> None:
    """Raise UserError if the folder of a key is one that cannot be made or written to."""
    folder = Path(OmegaConf.select(config, key))
    try:
        place = next(path for path in (folder, *folder.absolute().parents) if path.exists())
        with tempfile.TemporaryFile(dir=place):  # on /proc, os.access says yes to root
            pass
    except OSError as error:
        reason = error.strerror or error
        raise UserError(
            f"{key}: {os.fspath(folder)!r} is not allowed, a folder that can be written to is"
            f" ({reason})"
        ) from error


def check(config: DictConfig, key: str, is_allowed: Test, allowed: str) -> None:
    """Raise UserError for a value that a test does not allow, with what is allowed."""
    value = OmegaConf.select(config, key)
    if not is_allowed(value):
        raise UserError(f"{key}: {value!r} is not allowed, {allowed}")


NAME = "a name of up to 100 letters, digits, _ . + and - is"


SEED = "a whole number from 0 to 2**63 - 1 is"


COUNT = "a whole number of at least 1 is"


COUNT_OR_0 = "a whole number of at least 0 is"


FLAG = "true and false are"


FOLDER = "the path of a folder is"
