"""The coverage of the intervals of headline cells for other samples of instances.

    python -m benchmarks.fresh_samples [--samples 10] [--instances 1000] [--file fresh.csv]

The committed runs of a method answer several samples of one cell, each with its own data seed. The
interval of each sample is computed as in a study; `holds` counts the intervals that contain the
mean of all other samples. The runs are the same in all samples, so an interval that also covers
the variation of runs contains this mean in more than 95 % of the cases.
"""

import argparse
import csv
import sys
from pathlib import Path

import numpy as np
from omegaconf import OmegaConf, open_dict

from experiments.run.evaluation import score_instances
from experiments.run.folder import RunFolder
from experiments.run.steps import answer_by
from experiments.run.stored import study_of, trained_model
from experiments.settings.places import CONF
from experiments.statistics.intervals import Estimate
from experiments.statistics.metric_scores import Scores, estimates

RESULTS = CONF.parent / "results"
HEADLINES = (  # pattern of the runs, distribution, size, rule of steps
    ("quickstart/runs/next_hop-*", "geographic_threshold", 16, "12"),
    ("quickstart/runs/next_hop-*", "geographic_threshold", 64, "12"),
    ("quickstart/runs/next_hop-*", "geographic_threshold", 128, "12"),
    ("quickstart/runs/demo_max-*", "geographic_threshold", 64, "10"),
    ("quickstart/runs/demo-*", "geographic_threshold", 64, "10"),
)


def sampled(
    pattern: str, distribution: str, size: int, rule: str, num: int, data_seed: int
) -> Estimate:
    """Estimate the first metric of a method's committed runs on one sample of a cell."""
    machine = OmegaConf.load(CONF / "train.yaml").machine
    scores: list[Scores] = []
    task = None
    for path in sorted(RESULTS.glob(pattern)):
        folder = RunFolder.existing(path)
        trained = folder.load_config()
        law = OmegaConf.load(CONF / "distribution" / f"{distribution}.yaml")
        node = OmegaConf.select(law, distribution)
        with open_dict(trained):
            trained.data_seed = data_seed
        cells = {"distributions": {distribution: node}, "sizes": [size], "num_instances": num}
        parts = study_of(trained, cells, machine)
        task, (cell, *_) = parts.task, parts.test_cells
        model = trained_model(parts, folder)
        answer = answer_by(rule, model, task, size)
        scores.append(score_instances(task, answer, cell.data_set.load()))
    assert task is not None, f"there is no run of {pattern}"
    _, found = next(estimates(task, scores, np.arange(num)))
    return found.estimate


def main() -> None:
    """Print a line for each headline cell; write the table with --file."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--samples", type=int, default=10)
    parser.add_argument("--instances", type=int, default=1000)
    parser.add_argument("--file", type=Path)
    arguments = parser.parse_args()
    lines = [["method", "distribution", "size", "mean", "low", "high", "least", "largest", "holds"]]
    for pattern, distribution, size, rule in HEADLINES:
        found = np.array([
            sampled(pattern, distribution, size, rule, arguments.instances, data_seed)
            for data_seed in range(arguments.samples)
        ])  # fmt: skip
        means, low, high = found.T
        others = (means.sum() - means) / (len(means) - 1)
        held = int(((low <= others) & (others <= high)).sum())
        method = pattern.split("/")[-1].rstrip("-*")
        numbers = [means.mean(), low[0], high[0], means.min(), means.max()]
        texts = [f"{number:.3f}" for number in numbers]
        lines.append([method, distribution, str(size), *texts, f"{held}/{len(means)}"])
        sys.stdout.write("  ".join(lines[-1]) + "\n")
        sys.stdout.flush()
    if arguments.file:
        with arguments.file.open("w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(lines)


if __name__ == "__main__":
    main()
