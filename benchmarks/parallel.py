"""Updates of one training in several processes against the same updates in one process.

    python -m benchmarks.parallel [--processes 2] [--json out.json] [override ...]

The training is the one of bodies under gravity, with batches of 100 scenes, unless overrides change
it; each process has one thread. Trainings in one process and in several take turns.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from time import perf_counter

import torch
from hydra import compose, initialize_config_dir

from data_gen.dataset import make
from experiments.processes.world import World
from experiments.run.fit import Fit
from experiments.run.machine import num_workers_of
from experiments.run.parts import RunParts
from experiments.run.training import batches_of
from experiments.settings.places import CONF

GRAVITY = ["experiment=nbody_cpu", "label=gravity", "task_label=next_step"]
WARMUP, UPDATES, ROUNDS = 20, 100, 3


def milliseconds(overrides: list[str]) -> float:
    """Time an update in the current processes, in milliseconds."""
    with initialize_config_dir(str(CONF), version_base="1.3"):
        study = RunParts(compose("train", [*GRAVITY, *overrides]))
    world = World.here()
    torch.set_num_threads(1)
    with world.joined("benchmark", torch.device("cpu")):
        world.first(lambda: make([study.train_set], num_workers_of(study.settings.machine)))
        return _shortest(study, world)


def _shortest(study: RunParts, world: World) -> float:
    torch.manual_seed(0)
    model = study.build_model()
    times = []
    with batches_of(study, model, world) as batches:
        fit = Fit(study, model, batches, world)
        for updates in (WARMUP, *[UPDATES] * ROUNDS):
            start = perf_counter()
            for _ in range(updates):
                float(fit.update())
                fit.step += 1
            times.append(1e3 * (perf_counter() - start) / updates)
    return min(times[1:])


def measured(processes: int, overrides: list[str]) -> float:
    """Time an update in the given number of new processes, in milliseconds."""
    several = ("-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={processes}")
    launch = several if processes > 1 else ()
    done = subprocess.run(
        [sys.executable, *launch, "-m", "benchmarks.parallel", "--worker", *overrides],
        cwd=CONF.parent, stdout=subprocess.PIPE, text=True, check=True,
        env={"OMP_NUM_THREADS": "1", **os.environ},
    )  # fmt: skip
    return float(done.stdout)


def main() -> None:
    """Print the ratio; write it with --json."""
    parser = argparse.ArgumentParser(description="One training in several processes.")
    parser.add_argument("--processes", type=int, default=2, help="processes that share a training")
    parser.add_argument("--json", type=Path, help="where to write the row")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("overrides", nargs="*", help="overrides of the configuration")
    arguments = parser.parse_args()
    if arguments.worker:
        ms = milliseconds(arguments.overrides)
        if World.here().is_first:
            print(ms)
        return
    times: dict[int, list[float]] = {1: [], arguments.processes: []}
    for _ in range(ROUNDS):
        for processes, of in times.items():
            of.append(measured(processes, arguments.overrides))
    one, several = (min(of) for of in times.values())
    row = {
        "benchmark": "parallel",
        "case": " ".join(["gravity", *arguments.overrides]),
        "processes": arguments.processes,
        "cores": len(os.sched_getaffinity(0)),
        "ours_ms": several,
        "peer": "one process",
        "peer_ms": one,
        "ratio": one / several,
    }
    print(f"one process {one:.1f} ms an update, {arguments.processes} {several:.1f} ms,"
          f" ratio of updates/s {row['ratio']:.2f} on {row['cores']} cores")  # fmt: skip
    if arguments.json:
        arguments.json.write_text(json.dumps([row], indent=1))


if __name__ == "__main__":
    main()
