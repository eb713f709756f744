"""Load the parts of a stored run, with other test cells in place of its own."""

import logging
from collections.abc import Mapping
from typing import Any

import torch
from omegaconf import DictConfig, open_dict

from data_gen.task import Task
from experiments.processes.world import ALONE
from experiments.run.folder import RunFolder
from experiments.run.identity import config_hash
from experiments.run.machine import device_of
from experiments.run.parts import RunParts
from experiments.settings.checks import check_mappings
from experiments.settings.construct import construct
from experiments.settings.errors import UserError, did_you_mean
from experiments.settings.run_settings import RunSettings
from experiments.settings.trusted import trusted
from gn.model import GraphModel

LOG = logging.getLogger(__name__)


def study_of(
    trained: DictConfig,
    transfer: Mapping[str, Any],
    machine: DictConfig,
    task: Mapping[str, Any] | None = None,
) -> RunParts:
    """Return the parts of a run with other test cells.

    Args:
        trained: the configuration of the run.
        transfer: settings that replace those of its section `transfer`.
        machine: the machine settings for scoring.
        task: settings that replace those of its task; only settings of scores are allowed.

    Raises:
        UserError: a setting is not allowed.
    """
    check_mappings(trained, ("transfer", "task", "machine"))
    if "distributions" not in transfer:
        check_mappings(trained, ("transfer.distributions",))
    merged = trained.copy()
    with open_dict(merged):
        if "distributions" not in transfer:
            merged.transfer.distributions = without_files(trained.transfer.distributions)
        for key, value in transfer.items():
            merged.transfer[key] = value
        if "sizes" in transfer or "distributions" in transfer:
            merged.transfer.sizes_of = transfer.get("sizes_of", {})
        for key, value in (task or {}).items():
            _check_scores(key, construct(trained.task, "task", Task))
            merged.task[key] = value
        merged.machine = {**trained.machine, **machine}
    RunSettings.of_config(merged).machine.check_device()
    return RunParts(merged, config_hash(trained))


def without_files(stored: DictConfig) -> dict[str, DictConfig]:
    """Return the distributions of a stored configuration, without those that read files.

    Which files are read is said on the command line alone: the configuration may be a stranger's.
    """
    kept = {}
    for name, node in stored.items():
        target = node.get("_target_") if isinstance(node, DictConfig) else None
        if getattr(trusted(target, f"transfer.distributions.{name}"), "is_list", False):
            LOG.warning("%s is left out: files are named on the command line (data.files)", name)
        else:
            kept[str(name)] = node
    return kept


def _check_scores(key: str, task: Task[Any]) -> None:
    """Raise UserError unless the argument of a task changes only its scores."""
    allowed = task.score_settings
    if key not in allowed:
        name, names = type(task).__name__, ", ".join(allowed) or "none"
        hint = did_you_mean(key, allowed)
        raise UserError(f"task must have only score settings of {name} ({names}), got {key}{hint}")


def trained_model(study: RunParts, folder: RunFolder) -> GraphModel:
    """Return the model of a run with its checkpoint, on its device and in evaluation mode.

    Raises:
        UserError: the weights do not fit the model, or the model cannot take the step rules.
    """
    model = study.build_model()
    study.check_steps(model)
    folder.load_weights(model)
    machine = study.settings.machine
    torch.set_num_threads(machine.num_threads)
    return model.to(ALONE.device(device_of(machine))).eval()
