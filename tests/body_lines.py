"""The lines of the tables of docs/n_body.md, from the committed tables of the studies.

python -m tests.body_lines    # prints them
"""

import math
import sys
from pathlib import Path

from experiments.statistics.methods import over_runs
from experiments.tables.rows import read_table

RESULTS = Path(__file__).parent.parent / "results"
SIZES = (3, 6, 12, 24)
HOMES = {"gravity": "gravity", "balls": "balls", "string": "string_pinned_1"}
ROLLOUT = ("ratio_10", "ratio_100", "valid", "valid_share", "diverged", "energy_drift",
           "energy_drift_true")  # fmt: skip
PARTICLES = (3, 4, 5, 10, 20, 50)


def number(value):
    """Three digits."""
    return f"{value:.3g}" if value < 1000 else f"{value:.1e}"


def of(rows, task, model, metric, distribution, size):
    """Mean over the seeds with its 95 % interval; – where there is none, n/a where undefined."""
    place = (task, model, metric, distribution, size)
    found = [r for r in rows if (r.task, r.model, r.metric, r.distribution, r.size) == place]
    if not found:
        return "–"
    estimate = over_runs(found)
    if math.isnan(estimate.mean):
        return "n/a"
    return f"{number(estimate.mean)} [{number(max(0.0, estimate.low))}, {number(estimate.high)}]"


def models_of(rows, task):
    """In the order of their error at home."""
    metric = "velocity_ratio" if task in HOMES else "error"
    size = 6 if task in HOMES else 5
    home = HOMES.get(task, "charges_egnn")
    models = {r.model for r in rows if r.task == task}
    means = {
        model: [r.mean for r in rows
                if (r.task, r.model, r.metric, r.distribution, r.size)
                == (task, model, metric, home, size)]
        for model in models
    }  # fmt: skip
    return sorted(models, key=lambda model: sum(means[model]) / max(1, len(means[model])))


def transfer_lines(rows):
    """The error of a single step, by that of constant velocity, at every size."""
    for task, home in HOMES.items():
        for model in models_of(rows, task):
            cells = [of(rows, task, model, "velocity_ratio", home, size) for size in SIZES]
            yield f"| {task} | `{model}` | {' | '.join(cells)} |"


def rollout_lines(rows):
    """What becomes of the interaction network's rollouts."""
    for task, home in HOMES.items():
        for size in SIZES:
            cells = [of(rows, task, "interaction_network", m, home, size) for m in ROLLOUT]
            yield f"| {task} {size} | {' | '.join(cells)} |"


def shift_lines(rows):
    """Other laws, masses, speeds, boxes and ends, at the size trained on and at twice it."""
    for task, home in HOMES.items():
        names = {r.distribution for r in rows if r.task == task} - {home}
        for name in sorted(names):
            cells = [
                of(rows, task, "interaction_network", metric, name, size)
                for size in (6, 12)
                for metric in ("velocity_ratio", "ratio_100")
            ]
            yield f"| `{name}` | {' | '.join(cells)} |"


def particle_lines(rows):
    """Errors of positions ten frames on, of the published generator and of the clean one."""
    for distribution in ("charges_egnn", "charges"):
        for model in models_of(rows, "charges"):
            cells = [of(rows, "charges", model, "error", distribution, n) for n in PARTICLES]
            yield f"| `{distribution}` | `{model}` | {' | '.join(cells)} |"


def broken_lines(rows):
    """Where the energy breaks: how often, and what that has of EGNN's error."""
    for size in PARTICLES:
        metrics = ("broken", "share_of_broken", "error_clean", "error_broken", "ratio", "close")
        cells = [of(rows, "charges", "egnn", m, "charges_egnn", size) for m in metrics]
        yield f"| {size} particles | {' | '.join(cells)} |"


def law_lines(rows):
    """EGNN on other laws, charges, speeds and rooms."""
    names = ("charges_fixed_box", "charges_uneven", "charges_yukawa", "charges_fast")
    for name in names:
        cells = [
            of(rows, "charges", "egnn", metric, name, size)
            for size in (5, 10)
            for metric in ("error", "ratio")
        ]
        yield f"| `{name}` | {' | '.join(cells)} |"


def all_lines():
    """Every line, in the order of the page."""
    bodies = read_table(RESULTS / "nbody_cpu" / "transfer.csv")
    particles = read_table(RESULTS / "charges_cpu" / "transfer.csv")
    for lines in (transfer_lines, rollout_lines, shift_lines):
        yield from lines(bodies)
    for lines in (particle_lines, broken_lines, law_lines):
        yield from lines(particles)


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in all_lines())
