"""The parts of a stored run, with other cells in the place of its own."""

from collections.abc import Mapping
from typing import Any

import torch
from omegaconf import DictConfig, open_dict

from data_gen.task import Task
from experiments.run.folder import RunFolder
from experiments.run.identity import config_hash
from experiments.run.machine import device_of
from experiments.run.parts import RunParts
from experiments.settings.construct import construct
from experiments.settings.errors import UserError
from experiments.settings.run_settings import RunSettings
from gn.model import GraphModel


def study_of(
    trained: DictConfig,
    transfer: Mapping[str, Any],
    machine: DictConfig,
    task: Mapping[str, Any] | None = None,
) -> RunParts:
    """A run's study, with the cells asked for in the place of those it had.

    Args:
        trained: its configuration.
        transfer: what replaces the same of it.
        machine: what it is scored on.
        task: what replaces the same of its task, of what is scored.

    Raises:
        UserError: for a setting that is not allowed.
    """
    merged = trained.copy()
    with open_dict(merged):
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


def _check_scores(key: str, task: Task[Any]) -> None:
    """Raise UserError unless the argument of a task changes nothing but its scores."""
    allowed = task.score_settings
    if key not in allowed:
        names = " or ".join(allowed) or "left out"
        raise UserError(f"a setting of task must be {names}, got {key}: the run has its own")


def trained_model(study: RunParts, folder: RunFolder) -> GraphModel:
    """The model of a run with the weights that were kept, ready to be asked, on its device.

    Raises:
        UserError: the weights are not those of the model, or it cannot take the steps asked for.
    """
    model = study.build_model()
    study.check_steps(model)
    folder.load_weights(model)
    machine = study.settings.machine
    torch.set_num_threads(machine.num_threads)
    return model.to(device_of(machine)).eval()
