"""The parts of a stored run, with other cells in the place of its own."""

from collections.abc import Mapping
from typing import Any

from omegaconf import DictConfig, open_dict

from experiments.run.identity import config_hash
from experiments.run.parts import RunParts
from experiments.settings.run_settings import RunSettings


def study_of(trained: DictConfig, transfer: Mapping[str, Any], machine: DictConfig) -> RunParts:
    """A run's study, with the cells asked for in the place of those it had."""
    merged = trained.copy()
    with open_dict(merged):
        for key, value in transfer.items():
            merged.transfer[key] = value
        if "sizes" in transfer or "distributions" in transfer:
            merged.transfer.sizes_of = transfer.get("sizes_of", {})
        merged.machine = {**trained.machine, **machine}
    RunSettings.of_config(merged).machine.check_device()
    return RunParts(merged, config_hash(trained))
