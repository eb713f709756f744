"""How a command starts: Hydra composes its configuration; errors of the user's are one line."""

import logging
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

from experiments.errors import UserError

CONF = Path(__file__).parent.parent / "conf"


def start(config_name: str, function: Callable[[DictConfig], None]) -> None:
    """Run `function` on the composed configuration; leave with exit code 2 on a user's error."""
    os.environ["HYDRA_FULL_ERROR"] = "1"  # let exceptions come here

    def job(config: DictConfig) -> None:
        logging.basicConfig(level=logging.INFO, format="%(message)s")  # in workers as well
        if HydraConfig.get().mode == RunMode.MULTIRUN:
            function(config)  # Hydra collects what goes wrong
            return
        try:
            function(config)
        except UserError as error:
            sys.exit(f"error: {_one_line(error)}")

    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        hydra.main(version_base="1.3", config_path=str(CONF), config_name=config_name)(job)()
    except (UserError, HydraException, OmegaConfBaseException) as error:
        sys.exit(f"error: {_one_line(error)}")


def _one_line(error: BaseException) -> str:
    """The message and its cause's, without Hydra's advice on tracebacks."""
    cause = f": {error.__cause__}" if isinstance(error.__cause__, OmegaConfBaseException) else ""
    text = f"{error}{cause}".replace("To append to your config use", "; to add a key:")
    return re.sub(r"\s+", " ", text).strip()
