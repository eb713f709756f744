"""The tables of docs/sat.md, made from the tables of the studies."""

import math
from collections.abc import Iterator, Sequence

from docs.pages.tables import RESULTS, written
from experiments.statistics.methods import over_runs
from experiments.tables.cells import read_cells
from experiments.tables.rows import Row, read_table

ROUNDS = ("16", "32", "64", "128", "256", "512", "1024")
METRICS = ("correct_sat", "correct_unsat", "solved", "clauses_satisfied", "agreement")
FAMILIES = ("sr", "random_ksat", "community_attachment", "popularity_similarity", "k_clique",
            "k_domset", "k_vercov")  # fmt: skip


def of(
    rows: Sequence[Row], model: str, metric: str, distribution: str, size: int, rule: str
) -> str:
    """Format the mean over seeds with its 95 % interval; – if there is no such cell."""
    place = (model, metric, distribution, size)
    found = [r for r in rows if (r.model, r.metric, r.distribution, r.size) == place]
    found = [r for r in found if r.steps_rule in (rule, "")]
    if not found:
        return "–"
    estimate = over_runs(found)
    return "–" if math.isnan(estimate.mean) else written(estimate)  # defined for no instance


def rounds() -> Iterator[str]:
    """Yield scores by the number of rounds."""
    rows = read_table(RESULTS / "sat_cpu" / "transfer.csv")
    for model, metric in (
        ("neuro_sat", "correct"),
        ("neuro_sat", "solved"),
        ("walk_sat", "solved"),
    ):
        for size in (10, 20, 40, 200):
            cells = [of(rows, model, metric, "sr", size, rule) for rule in ROUNDS]
            if set(cells) != {"–"}:
                yield f"| `{model}`: {metric} | SR({size}) | {' | '.join(cells)} |"


def cells() -> Iterator[str]:
    """Yield all scores of every cell after 32 and 256 rounds, and the score of WalkSAT."""
    rows = read_table(RESULTS / "sat_cpu" / "transfer.csv")
    cells = {(c.distribution, c.size): c
             for c in read_cells(RESULTS / "sat_cpu" / "cells.csv")}  # fmt: skip
    for (distribution, size), cell in sorted(cells.items()):
        for rule in ("32", "256"):
            values = [of(rows, "neuro_sat", metric, distribution, size, rule) for metric in METRICS]
            walk = of(rows, "walk_sat", "solved", distribution, size, rule)
            if set(values) == {"–"}:
                continue
            names = ("variables", "clauses", "conflicts")
            facts = " | ".join(f"{cell.facts[name]:.0f}" for name in names)
            yield (
                f"| `{distribution}` {size} | {facts} | {cell.facts['satisfiable']:.2f} | {rule} |"
                f" {' | '.join(values)} | {walk} |"
            )


def families() -> Iterator[str]:
    """Yield the cells of each family with the scores of its own and the best other network."""
    rows = read_table(RESULTS / "sat_families" / "transfer.csv")
    cells = read_cells(RESULTS / "sat_families" / "cells.csv")
    for family in FAMILIES:
        for cell in (c for c in cells if c.distribution == family):
            own = [
                of(rows, family, metric, family, cell.size, "32")
                for metric in ("correct", "solved")
            ]
            others = [r for r in rows if r.model != family]
            best = max(FAMILIES, key=lambda name, c=cell: _mean(others, name, family, c.size))
            names = ("variables", "clauses", "conflicts")
            facts = " | ".join(f"{cell.facts[name]:.0f}" for name in names)
            yield (
                f"| `{family}` {cell.size} | {facts} | {' | '.join(own)} |"
                f" {of(others, best, 'correct', family, cell.size, '32')} (`{best}`) |"
            )


def _mean(rows: Sequence[Row], model: str, distribution: str, size: int) -> float:
    """Return the mean over seeds of the share of right decisions."""
    place = (model, "correct", distribution, size)
    found = [r.mean for r in rows if (r.model, r.metric, r.distribution, r.size) == place]
    return sum(found) / len(found) if found else 0.0


def difficulty() -> Iterator[str]:
    """Yield the transfer from small to large formulas and back."""
    rows = read_table(RESULTS / "sat_difficulty" / "transfer.csv")
    for model in ("easy", "medium", "hard", "walk_sat"):
        for metric in ("correct", "solved"):
            values = [of(rows, model, metric, "sr", size, "32") for size in (10, 20, 40)]
            yield f"| {model} | {metric} | {' | '.join(values)} |"
