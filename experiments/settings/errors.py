"""Errors that users see as one line of text instead of a traceback."""

import re
import traceback
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

import yaml
from hydra.errors import HydraException, OverrideParseException
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException
from safetensors import SafetensorError

from data_gen.cell import SizeError
from data_gen.distribution import GenerationError
from data_gen.environment import NoChoiceError
from experiments.settings.overrides import how_to_write


class UserError(Exception):
    """An error that the user can fix: one line, `<key> must be <what is allowed>, got <value>`."""


USER_ERRORS = (  # shown as one line, without a traceback
    UserError, OSError, SafetensorError, SizeError, GenerationError, NoChoiceError,
    OmegaConfBaseException, HydraException, yaml.YAMLError,
)  # fmt: skip

# Words of libraries that get no memory, or of the loader of modules that were not loaded yet:
NO_MEMORY = re.compile(
    r"(can't|[Cc]annot|Unable to) allocate|failed to map segment|can't start new thread"
    r"|out of memory|bad_alloc|[Mm]alloc\w* .*failed"
)

# Messages of Hydra, in one line:
NOT_INSTALLED = re.compile(r"Could not find 'hydra/launcher/(?:(submitit)_\w+|(ray|joblib))'")
NO_OPTION = re.compile(
    r"Could not find '(.+)/([^/']+)' Available options in '[^']+': (.+?)(?: Config search path|$)"
)
SEVERAL = re.compile(r"Ambiguous value for argument '(.+)' 1\. To use it as a list")
SEE = re.compile(r"\s*(\^\s*)?See https://hydra\.cc.*")
NO_KEY = re.compile(r"Could not override '([^']+)'\..* To append to your [a-z ]+ use (\+.*)")
REQUIREMENTS = {"submitit": "-slurm", "ray": "-ray", "joblib": ""}


def did_you_mean(name: object, allowed: Iterable[object]) -> str:
    """Return ", did you mean <nearest>", or "" where no allowed name is near."""
    near = get_close_matches(str(name), [str(other) for other in allowed], n=1)
    return f", did you mean {near[0]}" if near else ""


def not_one_of(key: str, value: object, allowed: Iterable[object]) -> UserError:
    """Return the UserError for a value that is not among the allowed names."""
    names = [str(name) for name in allowed]
    hint = did_you_mean(value, names)
    return UserError(f"{key} must be one of {', '.join(names)}, got {value!r}{hint}")


def one_line(error: BaseException) -> str:
    """Return the message with that of its cause, without Hydra's advice on tracebacks.

    For an error that is not a user error, return the last line of its traceback.
    """
    if isinstance(error, OSError) and error.filename is not None:
        target = f" -> {error.filename2}" if error.filename2 is not None else ""  # of a copy
        return f"{error.filename}{target}: {error.strerror}"
    if not isinstance(error, USER_ERRORS):
        return joined(traceback.format_exception_only(error)[-1])
    return _of_a_setting(error, joined(str(error)))


def _of_a_setting(error: BaseException, text: str) -> str:
    """Return the message of Hydra, OmegaConf or this project in the project's form."""
    if isinstance(error, OverrideParseException):
        return joined(how_to_write(error.override, SEE.sub("", joined(error.message))))
    if isinstance(error, MissingMandatoryValue):
        return f"{error.full_key} must be given, as in {error.full_key}=..., got nothing"
    if found := SEVERAL.match(text):
        return f"{how_to_write(found[1], '')}; a list is in [ ], and -m runs one job for each value"
    if missing := NOT_INSTALLED.search(text):
        plugin = missing[1] or missing[2]
        file = f"requirements{REQUIREMENTS[plugin]}.txt"
        return f"hydra/launcher: {plugin} is not installed, pip install -r {file} does it"
    if found := NO_OPTION.search(text):
        return str(not_one_of(found[1], found[2], found[3].split()))
    if found := NO_KEY.search(text):
        hint = did_you_mean(found[1].rpartition(".")[2], _keys_beside(error))
        return f"{found[1]}: there is no such key{hint}; to add it: {found[2]}"
    cause = f": {error.__cause__}" if isinstance(error.__cause__, OmegaConfBaseException) else ""
    return joined(f"{text}{cause}")


def _keys_beside(error: BaseException) -> list[str]:
    """Return the keys of the mapping in which Hydra found no such key."""
    mapping = getattr(error.__cause__, "parent_node", None)
    return list(map(str, mapping)) if isinstance(mapping, Mapping) else []


def is_out_of_memory(error: BaseException | None) -> bool:
    """Return whether an error, or what it came from, is a lack of memory."""
    while error is not None:
        if isinstance(error, MemoryError) or NO_MEMORY.search(str(error)):
            return True
        error = error.__cause__ or error.__context__
    return False


def message(error: BaseException) -> str:
    """Return the message of an error in one line, or the name of its class if it has none."""
    return joined(str(error)) or type(error).__name__


def joined(text: str) -> str:
    """Return a text with every run of whitespace replaced by one space."""
    return re.sub(r"\s+", " ", text).strip()


class Stopped(SystemExit):
    """The run was asked to stop; it can be resumed."""
