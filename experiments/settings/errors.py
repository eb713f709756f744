"""What users see as a line of text instead of a traceback."""

import re
import traceback

import yaml
from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException
from safetensors import SafetensorError

from data_gen.cell import SizeError
from data_gen.distribution import GenerationError
from data_gen.environment import NoChoiceError


class UserError(Exception):
    """Something the user can mend: one line with the key or file, the value, what is allowed."""


USER_ERRORS = (  # theirs and the file system's
    UserError, OSError, SafetensorError, SizeError, GenerationError, NoChoiceError,
    OmegaConfBaseException, HydraException, yaml.YAMLError,
)  # fmt: skip

NOT_INSTALLED = re.compile(r"Could not find 'hydra/launcher/(?:(submitit)_\w+|(ray|joblib))'")
REQUIREMENTS = {"submitit": "-slurm", "ray": "-ray", "joblib": ""}


def one_line(error: BaseException) -> str:
    """The message and its cause's, without Hydra's advice on tracebacks.

    Of an error that is none of the user's, what its traceback ends with.
    """
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    if not isinstance(error, USER_ERRORS):
        return joined(traceback.format_exception_only(error)[-1])
    cause = f": {error.__cause__}" if isinstance(error.__cause__, OmegaConfBaseException) else ""
    text = f"{error}{cause}".replace("To append to your config use", "; to add a key:")
    if missing := NOT_INSTALLED.search(text):
        plugin = missing[1] or missing[2]
        file = f"requirements{REQUIREMENTS[plugin]}.txt"
        return f"hydra/launcher: {plugin} is not installed, pip install -r {file} does it"
    return joined(text)


def message(error: BaseException) -> str:
    """The message of an error in one line, or its name if it has none."""
    return joined(str(error)) or type(error).__name__


def joined(text: str) -> str:
    """A text in one line."""
    return re.sub(r"\s+", " ", text).strip()


class Stopped(SystemExit):
    """The run was asked to stop, and can be resumed."""
