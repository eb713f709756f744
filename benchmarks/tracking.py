"""A training with a mirror against the same training without: no training should wait for it.

    python -m benchmarks.tracking [--json out.json]

All kinds of mirrors take turns, each training in its own process with one thread; the address of
the unreachable server refuses connections. A mirror is started in the first half of the updates and
only copies the curve in the second half.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from hydra import compose, initialize_config_dir

from experiments.run.fit import Fit
from experiments.settings.places import CONF
from experiments.train import train

NUM_STEPS, ROUNDS = 240, 3
TRAINING = [
    "label=mirrored", "task_label=shortest_path", f"train.num_steps={NUM_STEPS}",
    "train.num_instances=1000", "val.num_instances=50", "val.every=10", "transfer.num_instances=10",
    "machine.device=cpu", "machine.num_workers=1",
]  # fmt: skip
KINDS = {
    "off": [],
    "wandb, offline": ["tracking=wandb"],
    "wandb, server away": ["tracking=wandb", "tracking.mode=online"],
    "tensorboard": ["tracking=tensorboard"],
}
AWAY = {"WANDB_BASE_URL": "http://127.0.0.1:9", "WANDB_API_KEY": "0123456789" * 4}


def halves(overrides: list[str]) -> list[float]:
    """Time the first and the second half of the updates of a training, in seconds."""
    ends = [0.0]
    update = Fit._update

    def timed(fit: Fit):  # noqa: ANN202
        ends[0] = ends[0] or perf_counter()
        loss = update(fit)
        ends.append(perf_counter())
        return loss

    Fit._update = timed  # type: ignore[method-assign]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        train(compose("train", overrides))
    half = NUM_STEPS // 2
    return [ends[half] - ends[0], ends[-1] - ends[half]]


def measured(overrides: list[str], folder: Path) -> list[float]:
    """Run `halves` in a new process."""
    with TemporaryDirectory(dir=folder) as runs:
        words = [*TRAINING, f"machine.runs_dir={runs}", f"machine.data_dir={folder / 'data'}"]
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.tracking", "--worker", *words, *overrides],
            cwd=CONF.parent, stdout=subprocess.PIPE, text=True, check=True,
            env={**os.environ, **AWAY, "OMP_NUM_THREADS": "1"},
        )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Print a row for each kind; write the table with --json."""
    parser = argparse.ArgumentParser(description="Trainings with a mirror.")
    parser.add_argument("--json", type=Path, help="where to write the rows")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("overrides", nargs="*", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        print(json.dumps(halves(arguments.overrides)))
        return
    times: dict[str, list[list[float]]] = {kind: [] for kind in KINDS}
    with TemporaryDirectory() as folder:
        measured([], Path(folder))  # makes the data sets
        for _ in range(ROUNDS):
            for kind, overrides in KINDS.items():
                times[kind].append(measured(overrides, Path(folder)))
    shortest = {kind: [min(of) for of in zip(*rows, strict=True)] for kind, rows in times.items()}
    rows = [_row(kind, of, shortest["off"]) for kind, of in shortest.items()]
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1))


def _row(kind: str, seconds: list[float], off: list[float]) -> dict[str, object]:
    """Print one kind; return its row of the table."""
    first, ratio = seconds[0] - off[0], seconds[1] / off[1]
    print(f"{kind:<18}  first half {seconds[0]:.2f} s, {first:+.2f} s;"
          f" second half {seconds[1]:.2f} s, {ratio:.2f} x")  # fmt: skip
    return {"benchmark": "tracking", "case": kind, "begins_in_s": first, "ratio": ratio}


if __name__ == "__main__":
    main()
