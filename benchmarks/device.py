"""The time of an update on this machine's device, and the share of it that kernels take.

    python -m benchmarks.device nbody_gpu egnn [--device cuda] [train.num_instances=600 ...]

A GPU waits for the host while kernels are launched one by one. If an update takes much longer than
its kernels, larger batches or launching the kernels together (CUDA graphs) would make it faster.
"""

import argparse
import time

import torch
from hydra import compose, initialize_config_dir
from torch.profiler import ProfilerActivity, profile

from experiments.run.fit import Fit
from experiments.run.parts import RunParts
from experiments.run.training import batches_of, make_training_sets, new_model
from experiments.settings.places import CONF

UPDATES, WARMUP, PROFILED = 100, 5, 3


def main() -> None:
    """Print the time of an update and of its kernels."""
    parser = argparse.ArgumentParser()
    parser.add_argument("experiment")
    parser.add_argument("arm")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("overrides", nargs="*")
    arguments = parser.parse_args()
    arm = f"experiment/{arguments.experiment}@_global_={arguments.arm}"
    overrides = [f"experiment={arguments.experiment}", arm, "label=device", "task_label=device"]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        study = RunParts(compose("train", [*overrides, *arguments.overrides]))
    device = torch.device(arguments.device)
    model = new_model(study, device)
    make_training_sets(study, model)
    with batches_of(study, model) as batches:
        fit = Fit(study, model, batches)
        _seconds(fit, WARMUP)
        seconds = _seconds(fit, UPDATES) / UPDATES
        print(f"{1e3 * seconds:.2f} ms an update, {1 / seconds:.0f} a second, on {_name(device)}")
        if device.type == "cuda":
            print(_of_kernels(fit))


def _seconds(fit: Fit, count: int) -> float:
    """Time `count` updates, in seconds."""
    _wait(fit.device)
    began = time.perf_counter()
    for _ in range(count):
        fit.update()
        fit.step += 1
    _wait(fit.device)
    return time.perf_counter() - began


def _of_kernels(fit: Fit) -> str:
    """Describe the kernels of an update: their number, their total time, the peak memory."""
    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as profiled:
        _seconds(fit, PROFILED)
    events = profiled.key_averages()
    launches = sum(e.count for e in events if e.key.startswith("cudaLaunch")) / PROFILED
    busy = sum(e.self_device_time_total for e in events if e.device_type.name == "CUDA") / PROFILED
    memory = torch.cuda.max_memory_allocated() / 2**30
    return f"{launches:.0f} kernels that take {busy / 1e3:.2f} ms; {memory:.2f} GiB at the most"


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def _name(device: torch.device) -> str:
    return torch.cuda.get_device_name() if device.type == "cuda" else "a CPU"


if __name__ == "__main__":
    main()
