"""The parts of a stored run, with other cells in the place of its own."""

from collections.abc import Mapping
from typing import Any

from omegaconf import DictConfig, OmegaConf, open_dict

from experiments.run.identity import config_hash
from experiments.run.parts import RunParts
from experiments.run.validation import check_config, check_device
from experiments.settings.places import CONF

SECTIONS = ["data", "train", "val", "transfer"]  # whose keys do not depend on what is chosen


def study_of(trained: DictConfig, transfer: Mapping[str, Any], machine: DictConfig) -> RunParts:
    """A run's study, with the cells asked for in the place of those it had."""
    merged = _completed(trained)
    with open_dict(merged):
        for key, value in transfer.items():
            merged.transfer[key] = value
        if "sizes" in transfer or "distributions" in transfer:
            merged.transfer.sizes_of = transfer.get("sizes_of", {})
        merged.machine = {**trained.machine, **machine}
    check_config(merged)
    check_device(merged)
    return RunParts(merged, config_hash(trained))


def _completed(trained: DictConfig) -> DictConfig:
    """A copy in which settings that are younger than the run have the value of conf/train.yaml.

    That value leaves everything as it was before there was the setting.
    """
    defaults = OmegaConf.load(CONF / "train.yaml")
    assert isinstance(defaults, DictConfig)
    merged = OmegaConf.merge(OmegaConf.masked_copy(defaults, SECTIONS), trained)
    assert isinstance(merged, DictConfig)
    return merged
