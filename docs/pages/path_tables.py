"""The tables of docs/shortest_path.md and docs/inductive_bias.md, made from the studies' tables."""

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
import yaml

from docs.pages.tables import RESULTS, ROOT, written
from experiments.statistics.methods import over_cells, over_runs
from experiments.tables.cells import read_cells
from experiments.tables.effects import Effect
from experiments.tables.rows import Row, read_table

HOME = "geographic_threshold"
QUICKSTART = (  # method, rule of steps
    ("next_hop", "12"), ("demo_max", "10"), ("demo_max", "1x"), ("demo", "10"), ("demo", "1x"),
    ("deep_sets", ""), ("node_mlp", ""), ("untrained", "12"), ("greedy", ""), ("ruler", ""),
    ("bellman_ford_ruler", "3"), ("bellman_ford", "12"),
)  # fmt: skip
OTHERS = ("grid", "delaunay", "erdos_renyi", "random_tree")
RULES = ("12", "oracle", "oracle+2", "adaptive@0.03", "1x")


def _rows(study: str, metric: str = "valid") -> list[Row]:
    table = read_table(RESULTS / study / "transfer.csv")
    return [row for row in table if row.metric == metric]


def _of(rows: Sequence[Row], model: str, rule: str, distribution: str, size: int) -> str:
    """Format the score of a method on a cell; – if it was not scored."""
    place = (model, rule, distribution, size)
    found = [r for r in rows if (r.model, r.steps_rule, r.distribution, r.size) == place]
    return written(over_runs(found)) if found else "–"


def home() -> Iterator[str]:
    """Yield the quickstart's methods on the training family."""
    rows = _rows("quickstart")
    for model, rule in QUICKSTART:
        cells = [_of(rows, model, rule, HOME, size) for size in (16, 32, 64, 128, 256)]
        if set(cells) != {"–"}:
            name = f"{model}@{rule}" if rule else model
            yield f"| `{name}` | {' | '.join(cells)} |"


def families() -> Iterator[str]:
    """Yield three methods on every family, with its degree and diameter at 256 vertices."""
    rows = _rows("quickstart")
    methods = (("next_hop", "12", "1x"), ("demo_max", "10", "1x"), ("ruler", "", ""))
    for cell in read_cells(RESULTS / "quickstart" / "cells.csv"):
        if cell.size != 256:
            continue
        cells = [
            _of(rows, model, deep if size == 64 else own, cell.distribution, size).split(" [")[0]
            for model, own, deep in methods
            for size in (16, 64, 256)
        ]
        about = f"{cell.mean_degree:.0f} | {cell.facts['diameter']:.0f}"
        yield f"| `{cell.distribution}` | {about} | {' | '.join(cells)} |"


def asked() -> Iterator[str]:
    """Yield three networks with both questions, on the training family."""
    rows = _rows("size_transfer")
    for task, name in (("shortest_path", "labels"), ("shortest_path_next_hop", "next hops")):
        mine = [row for row in rows if row.task == task]
        for model in ("linear_messages", "encode_process_decode", "deep_sets"):
            rule = next(row.steps_rule for row in mine if row.model == model)
            cells = [_of(mine, model, rule, HOME, size) for size in (16, 32, 64, 128)]
            yield f"| {name}, `{model}` | {' | '.join(cells)} |"


def factorial(size: int = 64) -> Iterator[str]:
    """Yield the score of every network of the factorial, a column for each task and input."""
    rows = [r for r in _rows("headline") if (r.distribution, r.size) == (HOME, size)]
    for message, reduction, lengths in product(
        ("linear", "mlp"), ("max", "summax", "sum"), ("relative", "absolute")
    ):
        cells = []
        for task in ("shortest_path_next_hop", "shortest_path"):
            for positions in ("blind", "sighted"):
                place = task, f"{message}_{reduction}_{lengths}_{positions}"
                cells.append(written(over_runs([r for r in rows if (r.task, r.model) == place])))
        yield f"| {message} | {reduction} | {lengths} | {' | '.join(cells)} |"


def effects() -> Iterator[str]:
    """Yield the effect of each choice on the training family, a line for each choice."""
    found = read_table(RESULTS / "headline" / "effects.csv", Effect)
    of_cell = {(e.choice, e.distribution, e.size): e for e in found}
    for choice, name in _names_of_choices().items():
        cells = [of_cell[choice, HOME, size] for size in (16, 32, 64, 128)]
        numbers = " | ".join(f"{e.mean:+.2f} [{e.low:+.2f}, {e.high:+.2f}]" for e in cells)
        yield f"| {name} | {numbers} |"


def _names_of_choices() -> dict[str, str]:
    figure = yaml.safe_load((ROOT / "conf/figure/headline_effects.yaml").read_text())
    return {choice: " ".join(name.split()) for choice, name in figure["choices"].items()}


def bias() -> Iterator[str]:
    """Yield every model of the suite in the groups of the figure, sorted by the score at 128."""
    rows = [r for r in _rows("inductive_bias") if r.steps_rule in ("oracle+2", "")]
    figure = yaml.safe_load((ROOT / "conf/figure/inductive_bias.yaml").read_text())
    of_model: dict[str, list[Row]] = {}
    for row in rows:
        of_model.setdefault(row.model, []).append(row)
    for group, members in figure["lines"].items():
        names = [name.partition("@")[0] for name in members]
        there = [name for name in names if name in of_model]
        if there:
            yield f"| *{group}* | | | | | | |"
        for model in sorted(there, key=lambda name: -_at_128(of_model[name])):
            yield _bias_line(of_model[model], model)


def _at_128(rows: Sequence[Row]) -> float:
    means = [r.mean for r in rows if (r.distribution, r.size) == (HOME, 128)]
    return float(np.nan_to_num(np.mean(means)))


def _bias_line(rows: Sequence[Row], model: str) -> str:
    cells = [_over(rows, (HOME, size)) for size in (16, 32, 64, 128)]
    cells += [_over(rows, *((name, size) for name in OTHERS)) for size in (16, 128)]
    return f"| `{model}` | {rows[0].num_parameters:,} | {' | '.join(cells)} |"


def _over(rows: Sequence[Row], *cells: tuple[str, int]) -> str:
    mine = [row for row in rows if (row.distribution, row.size) in cells]
    return written(over_runs(mine) if len(cells) == 1 else over_cells(mine, is_error=False))


def stops() -> Iterator[str]:
    """Yield the scores (steps) at each size, with a column for each rule of steps."""
    rows = _rows("inductive_bias")
    stopped = dict.fromkeys(
        (r.model, r.distribution) for r in rows if r.steps_rule == "adaptive@0.03"
    )
    for model, family in sorted(stopped, key=lambda pair: pair[0]):
        mine = [r for r in rows if (r.model, r.distribution) == (model, family)]
        cells = []
        for rule in RULES:
            runs = [[r for r in mine if (r.steps_rule, r.size) == (rule, n)] for n in (16, 64, 128)]
            scores = " / ".join(f"{np.mean([r.mean for r in of]):.2f}" for of in runs if of)
            steps = " / ".join(f"{np.mean([r.steps for r in of]):.0f}" for of in runs if of)
            cells.append(f"{scores} ({steps})" if scores else "–")
        yield f"| `{model}` | `{family}` | {' | '.join(cells)} |"
