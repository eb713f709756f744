"""Tests of configuration values."""

import re
import sys
from collections.abc import Callable

from omegaconf import DictConfig, ListConfig

Test = Callable[[object], bool]
LARGEST = sys.float_info.max  # a whole number may be too large for a float


def is_whole(value: object) -> bool:
    """Return whether a value is a whole number; booleans are not."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_count(value: object) -> bool:
    """Return whether a value is a whole number of at least 1."""
    return is_whole(value) and value >= 1  # type: ignore[operator]


def is_number(value: object) -> bool:
    """Return whether a value is a finite number; booleans are not."""
    is_finite = isinstance(value, (int, float)) and abs(value) <= LARGEST
    return is_finite and not isinstance(value, bool)


def is_seed(value: object) -> bool:
    """Return whether a value is a seed: a whole number from 0 to 2**63 - 1."""
    return is_whole(value) and 0 <= value < 2**63  # type: ignore[operator]


def is_name(value: object) -> bool:
    """Return whether a value may be the name of a study, a label or a task."""
    return isinstance(value, str) and re.fullmatch(r"\w[\w.+-]{0,99}", value) is not None


def is_flag(value: object) -> bool:
    """Return whether a value is true or false."""
    return isinstance(value, bool)


def is_folder(value: object) -> bool:
    """Return whether a value can be the path of a folder."""
    return isinstance(value, str) and value.strip() != "" and "\0" not in value


def is_one_of(*allowed: str) -> Test:
    """Return a test for being one of the given texts."""
    return lambda value: isinstance(value, str) and value in allowed


def is_entry(value: object) -> bool:
    """Return whether a value is a mapping that is not empty."""
    return isinstance(value, DictConfig) and len(value) > 0


def is_train_steps(value: object) -> bool:
    """Return whether a value is a number of steps, a pair [low, high], or null."""
    if not isinstance(value, ListConfig):
        return value is None or is_count(value)
    return len(value) == 2 and all(map(is_count, value)) and value[0] <= value[1]
