r"""The learning rate of each arm of a study, chosen in distribution from one grid.

    python -m experiments.train experiment=quickstart study=lr_quickstart train.num_steps=1250 \
        'experiment/quickstart@_global_=demo,demo_max,next_hop,deep_sets,node_mlp' \
        train.optimizer.lr=3e-4,1e-3,3e-3,1e-2
    python -m benchmarks.learning_rates lr_quickstart --file results/quickstart/learning_rates.csv

The table has a line for each arm and rate: the best validation value of the metric that selects
the checkpoint, and whether the rate is the best of its arm. No test cell is read.
"""

import argparse
import csv
import json
import sys
from pathlib import Path

from experiments.run.folder import RunFolder
from experiments.run.selection import Objective
from experiments.run.stored import study_of

HEAD = ["task", "arm", "learning_rate", "metric", "best", "updates", "seed", "is_chosen"]


def trial(path: Path) -> list[str | float]:
    """Read one run: its arm, its settings and its best validation value."""
    folder = RunFolder.existing(path)
    config = folder.load_config()
    parts = study_of(config, {}, config.machine)
    objective = Objective.of(parts.task, parts.build_learner().selected_by)
    curve = [json.loads(line) for line in folder.metrics_path.read_text().splitlines()]
    values = [point[f"val/{objective.metric}"] for point in curve]
    best = objective.sign * min(objective.sign * value for value in values)
    arm, rate = str(config.label).partition("-lr-")[0], float(config.train.optimizer.lr)
    updates, seed = parts.settings.train.num_updates, config.seed
    return [str(config.task_label), arm, rate, objective.metric, best, updates, seed]


def main() -> None:
    """Print the table; write it with --file."""
    parser = argparse.ArgumentParser()
    parser.add_argument("study")
    parser.add_argument("--runs", type=Path, default=Path("outputs"))
    parser.add_argument("--file", type=Path)
    arguments = parser.parse_args()
    done = sorted(path.parent for path in (arguments.runs / arguments.study).glob("*/DONE"))
    found = [trial(path) for path in done]
    best: dict[tuple[object, object], float] = {}
    for task, arm, _, _, value, *_ in found:
        best[task, arm] = min(best.get((task, arm), float("inf")), float(value))
    lines = [
        [*map(str, line[:4]), f"{line[4]:.4g}", *map(str, line[5:]), str(int(is_chosen))]
        for line in sorted(found, key=lambda line: (str(line[0]), str(line[1]), float(line[2])))
        for is_chosen in [line[4] == best[line[0], line[1]]]
    ]
    sys.stdout.writelines("  ".join(line) + "\n" for line in [HEAD, *lines])
    if arguments.file:
        with arguments.file.open("w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([HEAD, *lines])


if __name__ == "__main__":
    main()
