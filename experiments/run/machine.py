"""What a run is given of the machine: a device, processes that generate."""

import os

import torch
from omegaconf import DictConfig


def device_of(config: DictConfig) -> torch.device:
    """The device asked for; `auto` is the first GPU if there is one."""
    wanted = config.machine.device
    if wanted == "auto":
        wanted = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(wanted)


def num_workers_of(config: DictConfig) -> int:
    """Worker processes for generation; `auto` is one for each core."""
    wanted = config.machine.num_workers
    if wanted == "auto":
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    return wanted
