"""Start a command: Hydra composes the configuration; user errors become one line."""

import logging
import multiprocessing
import os
import sys
from collections.abc import Callable

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from data_gen.patterns import visible
from data_gen.workers import end_with_parent
from experiments.settings.errors import (
    USER_ERRORS,
    Stopped,
    UserError,
    is_out_of_memory,
    message,
    one_line,
)
from experiments.settings.places import CONF

LOG = logging.getLogger(__name__)
# The settings that decide how much memory a command needs, named when it has too little.
HEAVY = (
    "sizes", "train.sizes", "transfer.sizes", "num_instances", "train.num_instances",
    "transfer.num_instances", "train.batch_size", "model.hidden_dim", "machine.num_workers",
)  # fmt: skip


def start(config_name: str, function: Callable[[DictConfig], None]) -> None:
    """Run `function` on the composed configuration; exit with one line and code 1 on an error.

    This covers user errors and file system errors; an interrupt exits with code 130. In a sweep,
    a job that fails returns its line to the sweep instead.
    """
    os.environ["HYDRA_FULL_ERROR"] = "1"  # let exceptions reach this function

    def job(config: DictConfig) -> str:
        _log_to_stderr()  # again, because a worker starts without it
        if multiprocessing.parent_process() is not None:  # a launcher's worker
            end_with_parent()
        return _done(function, config)

    _log_to_stderr()
    try:
        _check_groups(sys.argv[1:])
        hydra.main(version_base="1.3", config_path=str(CONF), config_name=config_name)(job)()
    except USER_ERRORS as error:
        sys.exit(f"error: {one_line(error)}")
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(130)
    except Exception as error:
        _exit_without_memory(error)
        raise


def _done(function: Callable[[DictConfig], None], config: DictConfig) -> str:
    """Run a job; return its error if it is one of the project's sweeper, or exit with it."""
    if is_sweep():
        return _attempt(function, config)
    if HydraConfig.get().mode == RunMode.MULTIRUN:
        _call(function, config)  # Hydra collects the errors
        return ""
    try:
        _call(function, config)
    except USER_ERRORS as error:  # before Hydra adds its own lines
        sys.exit(f"error: {one_line(error)}")
    return ""


def _exit_without_memory(error: Exception) -> None:
    """Exit with one line if an error is a lack of memory; modules are loaded late."""
    if is_out_of_memory(error):
        sys.exit(f"error: there is not enough memory ({one_line(error)})")


def is_sweep() -> bool:
    """Return whether this is a job of the project's sweeper, which takes errors as lines."""
    if not HydraConfig.initialized() or HydraConfig.get().mode != RunMode.MULTIRUN:
        return False
    return HydraConfig.get().sweeper["_target_"] == "hydra_plugins.StudySweeper"


def is_apart() -> bool:
    """Return whether this is a job of a sweep in another process than the sweep."""
    return is_sweep() and not HydraConfig.get().launcher["_target_"].endswith("BasicLauncher")


def _call(function: Callable[[DictConfig], None], config: DictConfig) -> None:
    """Run a command; a lack of memory becomes a UserError with the settings to lower."""
    try:
        function(config)
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        keys = [key for key in HEAVY if OmegaConf.select(config, key) is not None]
        raise UserError(
            f"one of {', '.join(keys) or 'the inputs'} must be smaller, because the memory is not"
            f" enough, got: {message(error)}"
        ) from error


def _attempt(function: Callable[[DictConfig], None], config: DictConfig) -> str:
    """Run a job of a sweep; return its error as one line, or "" if it succeeded."""
    try:
        _call(function, config)
    except USER_ERRORS as error:
        return one_line(error)
    except Exception as error:  # a bug: the other jobs continue
        LOG.exception("a job failed")
        return one_line(error)
    except Stopped as stopped:
        if not is_apart():
            raise
        return str(stopped)  # stops this job only
    except KeyboardInterrupt:
        if not is_apart():
            raise
        return "interrupted; the same command resumes it"
    return ""


def _check_groups(overrides: list[str]) -> None:
    """Raise UserError for a group set to null or a number, where Hydra has only a traceback."""
    for override in overrides:
        key, _, value = override.partition("=")
        group = key.partition("@")[0]
        if (value == "null" or value.isdecimal()) and (CONF / group).is_dir():
            allowed = ", ".join(path.stem for path in visible(CONF / group, "*.yaml"))
            raise UserError(f"{key} must be one of {allowed}, got {value}")


def _log_to_stderr() -> None:
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    for library in ("fontTools", "hydra", "hydra_plugins"):  # they log every glyph and every job
        logging.getLogger(library).setLevel(logging.WARNING)
