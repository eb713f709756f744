"""The tables of docs/n_body.md, made from the tables of the studies."""

from collections.abc import Iterator, Sequence

from docs.pages.tables import RESULTS, written
from experiments.statistics.methods import over_runs
from experiments.tables.rows import Row, read_table

SIZES = (3, 6, 12, 24)
HOMES = {"gravity": "gravity", "balls": "balls", "string": "string_pinned_1"}
ROLLOUT = ("ratio_10", "ratio_100", "valid", "valid_share", "diverged", "energy_drift",
           "energy_drift_true")  # fmt: skip
PARTICLES = (3, 4, 5, 10, 20, 50)


def number(value: float) -> str:
    """Format a number with three digits."""
    return f"{value:.3g}" if value < 1000 else f"{value:.1e}"


def of(
    rows: Sequence[Row], task: str, model: str, metric: str, distribution: str, size: int
) -> str:
    """Format the mean over seeds with its 95 % interval; –: no such cell, n/a: not defined."""
    place = (task, model, metric, distribution, size)
    found = [r for r in rows if (r.task, r.model, r.metric, r.distribution, r.size) == place]
    if not found:
        return "–"
    estimate = over_runs(found)
    return written(estimate, number)


def models_of(rows: Sequence[Row], task: str) -> list[str]:
    """Return the models sorted by their error on the training distribution."""
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


def transfer() -> Iterator[str]:
    """Yield the single-step error relative to constant velocity, at every size."""
    rows = read_table(RESULTS / "nbody_cpu" / "transfer.csv")
    for task, home in HOMES.items():
        for model in models_of(rows, task):
            cells = [of(rows, task, model, "velocity_ratio", home, size) for size in SIZES]
            yield f"| {task} | `{model}` | {' | '.join(cells)} |"


def rollouts() -> Iterator[str]:
    """Yield the scores of the interaction network's rollouts."""
    rows = read_table(RESULTS / "nbody_cpu" / "transfer.csv")
    for task, home in HOMES.items():
        for size in SIZES:
            cells = [of(rows, task, "interaction_network", m, home, size) for m in ROLLOUT]
            yield f"| {task} {size} | {' | '.join(cells)} |"


def shifts() -> Iterator[str]:
    """Yield the scores under each shift, at the training size and at twice that size."""
    rows = read_table(RESULTS / "nbody_cpu" / "transfer.csv")
    for task, home in HOMES.items():
        names = {r.distribution for r in rows if r.task == task} - {home}
        for name in sorted(names):
            cells = [
                of(rows, task, "interaction_network", metric, name, size)
                for size in (6, 12)
                for metric in ("velocity_ratio", "ratio_100")
            ]
            yield f"| `{name}` | {' | '.join(cells)} |"


def particles() -> Iterator[str]:
    """Yield errors of positions ten frames later, for the published and the clean generator."""
    rows = read_table(RESULTS / "charges_cpu" / "transfer.csv")
    for distribution in ("charges_egnn", "charges"):
        for model in models_of(rows, "charges"):
            cells = [of(rows, "charges", model, "error", distribution, n) for n in PARTICLES]
            yield f"| `{distribution}` | `{model}` | {' | '.join(cells)} |"


def broken() -> Iterator[str]:
    """Yield how often scenes break the conservation of energy, and their part of EGNN's error."""
    rows = read_table(RESULTS / "charges_cpu" / "transfer.csv")
    for size in PARTICLES:
        metrics = ("broken", "share_of_broken", "error_clean", "error_broken", "ratio", "close")
        cells = [of(rows, "charges", "egnn", m, "charges_egnn", size) for m in metrics]
        yield f"| {size} particles | {' | '.join(cells)} |"


def laws() -> Iterator[str]:
    """Yield EGNN's scores under other laws, charges, speeds and starting volumes."""
    rows = read_table(RESULTS / "charges_cpu" / "transfer.csv")
    names = ("charges_fixed_box", "charges_uneven", "charges_yukawa", "charges_fast")
    for name in names:
        cells = [
            of(rows, "charges", "egnn", metric, name, size)
            for size in (5, 10)
            for metric in ("error", "ratio")
        ]
        yield f"| `{name}` | {' | '.join(cells)} |"
