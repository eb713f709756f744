"""How a command starts: Hydra composes its configuration; errors of the user's are one line."""

import logging
import multiprocessing
import os
import sys
from collections.abc import Callable

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from data_gen.workers import end_with_parent
from experiments.settings.errors import USER_ERRORS, Stopped, UserError, one_line
from experiments.settings.places import CONF

LOG = logging.getLogger(__name__)


def start(config_name: str, function: Callable[[DictConfig], None]) -> None:
    """Run `function` on the composed configuration; leave with a line and exit code 1 on an error.

    The errors are those of the user and of the file system; an interrupt leaves with 130. In a
    sweep, a job that fails leaves its line to the sweep.
    """
    os.environ["HYDRA_FULL_ERROR"] = "1"  # let exceptions come here

    def job(config: DictConfig) -> str:
        _log_to_stderr()  # in workers as well
        if multiprocessing.parent_process() is not None:  # a launcher's worker
            end_with_parent()
        if HydraConfig.get().mode == RunMode.MULTIRUN:
            if is_sweep():
                return _attempt(function, config)
            function(config)  # Hydra collects what goes wrong
            return ""
        try:
            function(config)
        except USER_ERRORS as error:  # before Hydra adds lines of its own
            sys.exit(f"error: {one_line(error)}")
        return ""

    _log_to_stderr()
    try:
        _check_groups(sys.argv[1:])
        hydra.main(version_base="1.3", config_path=str(CONF), config_name=config_name)(job)()
    except USER_ERRORS as error:
        sys.exit(f"error: {one_line(error)}")
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(130)


def is_sweep() -> bool:
    """Whether this is a job of a sweep of ours, which takes what went wrong as a line."""
    if not HydraConfig.initialized() or HydraConfig.get().mode != RunMode.MULTIRUN:
        return False
    return HydraConfig.get().sweeper["_target_"] == "hydra_plugins.StudySweeper"


def _attempt(function: Callable[[DictConfig], None], config: DictConfig) -> str:
    """Run a job of a sweep; the line of what went wrong, "" if nothing did."""
    try:
        function(config)
    except USER_ERRORS as error:
        return one_line(error)
    except Exception as error:  # a defect: the other jobs go on
        LOG.exception("a job failed")
        return one_line(error)
    except Stopped as stopped:
        if multiprocessing.parent_process() is None:
            raise
        return str(stopped)  # of this worker alone
    return ""


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
