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

from data_gen.workers import end_with_parent
from experiments.errors import UserError

CONF = Path(__file__).parent.parent / "conf"


def start(config_name: str, function: Callable[[DictConfig], None]) -> None:
    """Run `function` on the composed configuration; leave with exit code 2 on a user's error."""
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
        except UserError as error:
            sys.exit(f"error: {_one_line(error)}")

    _log_to_stderr()
    try:
        hydra.main(version_base="1.3", config_path=str(CONF), config_name=config_name)(job)()
    except (UserError, HydraException, OmegaConfBaseException) as error:
        sys.exit(f"error: {_one_line(error)}")


def _log_to_stderr() -> None:
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger("fontTools").setLevel(logging.WARNING)  # tells of every glyph


def _one_line(error: BaseException) -> str:
    """The message and its cause's, without Hydra's advice on tracebacks."""
    cause = f": {error.__cause__}" if isinstance(error.__cause__, OmegaConfBaseException) else ""
    text = f"{error}{cause}".replace("To append to your config use", "; to add a key:")
    return re.sub(r"\s+", " ", text).strip()
