"""The number of updates that each arm of a study makes in equal CPU time.

    python -m benchmarks.budget inductive_bias --seconds 60 [--write]

Arms take turns on one core, and the fastest turn counts: other load of the machine can only
lengthen a time. `--write` puts the numbers into the yaml of each arm, so that a study stays a
function of its configuration; the `seconds` in the study's table are the times that the trainings
really took.
"""

import argparse
import re
from time import process_time

import torch
from hydra import compose, initialize_config_dir

from data_gen.dataset import make
from data_gen.packed import Packed
from experiments.run.batches import CachedBatches
from experiments.run.fit import Fit
from experiments.run.parts import RunParts
from experiments.settings.places import CONF

ROUNDS, UPDATES, WARMUP = 3, 16, 3


def study_of(experiment: str, arm: str) -> RunParts:
    """Build one arm of a study as `experiments.train` does."""
    overrides = [f"experiment={experiment}", f"experiment/{experiment}@_global_={arm}"]
    names = ["label=budget", "task_label=budget"]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return RunParts(compose("train", overrides=[*overrides, *names]))


def seconds_per_update(study: RunParts, train_set: Packed) -> float:
    """Return the mean CPU seconds of an update, over updates spread over the training."""
    torch.manual_seed(0)
    batches = CachedBatches(study.settings, train_set, study.task, study.train_set.cell.group_size)
    fit = Fit(study, study.build_model(), batches)
    for fit.step in range(WARMUP):
        fit.update()
    spread = torch.linspace(0, study.settings.train.num_updates - 1, UPDATES).long().tolist()
    began = process_time()
    for fit.step in spread:
        fit.update()
    return (process_time() - began) / UPDATES


def main() -> None:
    """Print the number of updates of each arm; write it with --write."""
    parser = argparse.ArgumentParser()
    parser.add_argument("experiment")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    paths = sorted((CONF / "experiment" / arguments.experiment).glob("*.yaml"))
    studies = {path: study_of(arguments.experiment, path.stem) for path in paths}
    studies = {path: study for path, study in studies.items() if not study.settings.train.skip}
    make([study.train_set for study in studies.values()], 2)
    shortest = dict.fromkeys(studies, float("inf"))
    for _ in range(ROUNDS):
        for path, study in studies.items():
            seconds = seconds_per_update(study, study.train_set.load())
            shortest[path] = min(shortest[path], seconds)
    for path, seconds in shortest.items():
        num_steps = round(arguments.seconds / seconds, -1 if seconds < 0.5 else 0)
        print(f"{path.stem:28} {1e3 * seconds:7.1f} ms an update, {num_steps:6.0f} updates")
        text = path.read_text()
        changed = re.sub(r"(?m)^(  num_steps:) \d+$", rf"\1 {num_steps:.0f}", text)
        if arguments.write:
            path.write_text(changed)


if __name__ == "__main__":
    main()
