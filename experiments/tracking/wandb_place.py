"""The mode, project and owner of wandb runs: a setting, or wandb's own environment variable."""

import os
from collections.abc import Callable

from experiments.settings.errors import not_one_of
from experiments.settings.kinds import NAME

MODES = ("offline", "online", "disabled")
NOT_IN_PROJECT = frozenset("/\\#?%:")
MAX_PROJECT = 128  # characters, a limit of wandb


def mode_of(mode: str | None) -> str:
    """Return the mode that is set, the one of WANDB_MODE, or offline.

    Raises:
        ValueError: there is no such mode.
    """
    return _first("mode", mode, "offline", _check_mode)


def project_of(project: str | None) -> str:
    """Return the project that is set, the one of WANDB_PROJECT, or finite-means.

    Raises:
        ValueError: wandb refuses such a name.
    """
    return _first("project", project, "finite-means", _check_project)


def entity_of(entity: str | None) -> str | None:
    """Return the user or team that is set, the one of WANDB_ENTITY, or None for the key's owner.

    Raises:
        ValueError: this is no name.
    """
    return _first("entity", entity, "", _check_entity) or None


def _first(name: str, given: str | None, default: str, check: Callable[[str, str], None]) -> str:
    """Return the given value, that of the variable if it is not empty, or the default."""
    variable = f"WANDB_{name.upper()}"
    told = os.environ.get(variable) or None
    key, value = (variable, told) if given is None else (name, given)
    if value is None:
        return default
    check(key, value)
    return value


def _check_mode(key: str, value: str) -> None:
    if value not in MODES:
        raise ValueError(str(not_one_of(key, value, MODES)))


def _check_project(key: str, value: str) -> None:
    is_name = isinstance(value, str) and 0 < len(value) <= MAX_PROJECT
    if not is_name or NOT_IN_PROJECT & set(value):
        words = f"a name of up to {MAX_PROJECT} characters without / \\ # ? % or :"
        raise ValueError(f"{key} must be {words}, got {value!r}")


def _check_entity(key: str, value: str) -> None:
    if not NAME.allows(value):
        raise ValueError(f"{key} must be {NAME.words}, got {value!r}")
