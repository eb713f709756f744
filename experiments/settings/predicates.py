"""What the values of a configuration may be."""

import math
import re
from collections.abc import Callable

from omegaconf import DictConfig, ListConfig

Test = Callable[[object], bool]


def is_whole(value: object) -> bool:
    """A whole number; true is none."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_count(value: object) -> bool:
    """A whole number of 1 or more."""
    return is_whole(value) and value >= 1  # type: ignore[operator]


def is_number(value: object) -> bool:
    """A finite number."""
    is_finite = isinstance(value, (int, float)) and math.isfinite(value)
    return is_finite and not isinstance(value, bool)


def is_seed(value: object) -> bool:
    """What seeds may be."""
    return is_whole(value) and 0 <= value < 2**63  # type: ignore[operator]


def is_name(value: object) -> bool:
    """What studies, labels and tasks may be called."""
    return isinstance(value, str) and re.fullmatch(r"\w[\w.+-]{0,99}", value) is not None


def is_flag(value: object) -> bool:
    """True or false."""
    return isinstance(value, bool)


def is_folder(value: object) -> bool:
    """What can be the path of a folder."""
    return isinstance(value, str) and value.strip() != "" and "\0" not in value


def is_one_of(*allowed: str) -> Test:
    """A test for being one of some texts."""
    return lambda value: isinstance(value, str) and value in allowed


def is_entry(value: object) -> bool:
    """A mapping that is not empty."""
    return isinstance(value, DictConfig) and len(value) > 0


def is_train_steps(value: object) -> bool:
    """A number of steps, a pair of the fewest and the most, or null."""
    if not isinstance(value, ListConfig):
        return value is None or is_count(value)
    return len(value) == 2 and all(map(is_count, value)) and value[0] <= value[1]
