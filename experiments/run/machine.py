"""The device of a run, and the number of its worker processes."""

import os

import torch

from experiments.settings.run_settings import Machine


def device_of(machine: Machine) -> torch.device:
    """Return the configured device; `auto` is the first GPU if there is one."""
    wanted = machine.device
    if wanted == "auto":
        wanted = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(wanted)


def num_workers_of(machine: Machine) -> int:
    """Return the number of worker processes for generation; `auto` is one for each core."""
    wanted = machine.num_workers
    if isinstance(wanted, int):
        return wanted
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
