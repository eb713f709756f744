"""How a command starts: Hydra composes its configuration; errors of the user's are one line."""

import logging
import multiprocessing
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException
from safetensors import SafetensorError

from data_gen.cell import SizeError
from data_gen.distribution import GenerationError
from data_gen.workers import end_with_parent
from experiments.errors import UserError

CONF = Path(__file__).parent.parent / "conf"
ERRORS = (  # that are told in a line
    UserError, OSError, SafetensorError, SizeError, GenerationError, OmegaConfBaseException,
)  # fmt: skip


def start(config_name: str, function: Callable[[DictConfig], None]) -> None:
    """Run `function` on the composed configuration; leave with a line and exit code 1 on an error.

    The errors are those of the user and of the file system; an interrupt leaves with 130.
    """
    os.environ["HYDRA_FULL_ERROR"] = "1"  # let exceptions come here

    def job(config: DictConfig) -> None:
        _log_to_stderr()  # in workers as well
        if multiprocessing.parent_process() is not None:  # a launcher's worker
            end_with_parent()
        if HydraConfig.get().mode == RunMode.MULTIRUN:
            function(config)  # Hydra collects what goes wrong
            return
        try:
            function(config)
        except ERRORS as error:
            sys.exit(f"error: {_one_line(error)}")

    _log_to_stderr()
    try:
        _check_groups(sys.argv[1:])
        hydra.main(version_base="1.3", config_path=str(CONF), config_name=config_name)(job)()
    except (*ERRORS, HydraException) as error:
        sys.exit(f"error: {_one_line(error)}")
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(130)


def _check_groups(overrides: list[str]) -> None:
    """Raise UserError for a group that is null, which Hydra meets with a traceback."""
    for override in overrides:
        key, _, value = override.partition("=")
        group = key.partition("@")[0]
        if value == "null" and (CONF / group).is_dir():
            allowed = ", ".join(sorted(path.stem for path in (CONF / group).glob("*.yaml")))
            raise UserError(f"{key}: null is not allowed, one of these is: {allowed}")


def _log_to_stderr() -> None:
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger("fontTools").setLevel(logging.WARNING)  # tells of every glyph


def _one_line(error: BaseException) -> str:
    """The message and its cause's, without Hydra's advice on tracebacks."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    cause = f": {error.__cause__}" if isinstance(error.__cause__, OmegaConfBaseException) else ""
    text = f"{error}{cause}".replace("To append to your config use", "; to add a key:")
    return re.sub(r"\s+", " ", text).strip()
