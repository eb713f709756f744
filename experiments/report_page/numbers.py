"""The numbers of a study for the page: cells, the rows behind them, and their runs."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from data_gen.patterns import visible
from data_gen.reading import read_bytes
from experiments.report_page.links import href
from experiments.report_page.packing import coded, number, numbers
from experiments.run.folder import RunFolder
from experiments.run.identity import config_hash
from experiments.run.stored_config import read_config
from experiments.settings.errors import UserError
from experiments.statistics.matrix import by_method
from experiments.statistics.methods import over_runs
from experiments.statistics.standings import best_first
from experiments.tables.frame import chosen, frame_of
from experiments.tables.goals import MetricGoal
from experiments.tables.rows import Row

CELL = (
    "task",
    "model",
    "steps_rule",
    "distribution",
    "shift",
    "metric",
)  # key of a cell, with the size
TEXTS = ("config_hash", "data_hash", "commit", "versions", "device")
WHOLE = ("seed", "num_instances", "num_parameters")
FLOATS = ("steps", "mean", "low", "high", "seconds")


def table_data(rows: Sequence[Row], goals: Sequence[MetricGoal]) -> dict[str, Any]:
    """Return cells with mean and interval over runs, and the rows of each cell, as columns.

    The columns of `cells` have one entry for each cell; `count` consecutive rows of `rows` belong
    to it. `order` has the methods of every task and metric with a goal, best first.
    """
    groups: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        key = (*(getattr(row, name) for name in CELL), row.size)
        groups.setdefault(key, []).append(row)
    firsts = [group[0] for group in groups.values()]
    estimates = [over_runs(group) for group in groups.values()]
    cells: dict[str, Any] = {name: coded([getattr(r, name) for r in firsts]) for name in CELL}
    cells["size"] = [row.size for row in firsts]
    for name in ("mean", "low", "high"):
        cells[name] = numbers(getattr(estimate, name) for estimate in estimates)
    cells["count"] = [len(group) for group in groups.values()]
    ordered = [row for group in groups.values() for row in group]
    columns: dict[str, Any] = {name: coded([getattr(r, name) for r in ordered]) for name in TEXTS}
    columns |= {name: [getattr(r, name) for r in ordered] for name in WHOLE}
    columns |= {name: [number(getattr(r, name)) for r in ordered] for name in FLOATS}
    metrics = dict.fromkeys(row.metric for row in rows)
    shares = sorted({row.metric for row in rows if row.is_share}, key=list(metrics).index)
    return {"cells": cells, "rows": columns, "shares": shares, "order": _order(rows, goals)}


def _order(rows: Sequence[Row], goals: Sequence[MetricGoal]) -> dict[str, dict[str, list[str]]]:
    """Return the methods in the order of `standings`, by task and metric."""
    scores = frame_of(rows)
    found: dict[str, dict[str, list[str]]] = {}
    for goal in goals:
        mine = list(chosen(scores, task=goal.task, metric=goal.metric)["row"])
        if mine and not math.isnan(goal.perfect):
            order = best_first(by_method(mine), goal.perfect)
            found.setdefault(goal.task, {})[goal.metric] = order
    return found


def run_data(folder: Path, base: Path) -> dict[str, Any]:
    """Return the text and the runs of every configuration of a study, by configuration hash.

    Files in `configurations/` precede the configurations of runs. A run belongs to the hash of its
    configuration, whatever its folder is called.

    Raises:
        UserError: a configuration cannot be read, or does not have the hash in its file name.
    """
    found: dict[str, dict[str, Any]] = {}
    for path in visible(folder, "configurations/*.yaml"):
        if config_hash(read_config(path)) != path.stem:
            raise UserError(f"{path}: the configuration does not have the hash in its file name")
        found[path.stem] = _known(path, base)
    for path in sorted([*visible(folder, "runs/*"), *visible(folder, "*")]):
        run = RunFolder(path)
        if run.config_path.is_file():
            config = run.load_config()
            entry = {"name": path.name, "href": href(path, base) + "/", "seed": config.get("seed")}
            known = found.setdefault(config_hash(config), _known(run.config_path, base))
            known["runs"].append(entry)
    return found


def _known(path: Path, base: Path) -> dict[str, Any]:
    return {"runs": [], "config": read_bytes(path).decode(), "href": href(path, base)}
