"""Rank the methods of a study by their scores on shifted cells.

python -m experiments.rank study=quickstart pool_tasks=true baseline=untrained@12
"""

import logging
from pathlib import Path

from omegaconf import DictConfig, ListConfig

from experiments.settings.checks import check_places
from experiments.settings.command import start
from experiments.settings.errors import UserError, did_you_mean, not_one_of
from experiments.settings.kinds import FLAG
from experiments.settings.predicates import is_number
from experiments.settings.schema import check_kind
from experiments.statistics.matrix import by_method, is_home
from experiments.statistics.standings import Goal
from experiments.statistics.text import ranking
from experiments.study.same_instances import warn_of_methods
from experiments.tables.goals import MetricGoal, perfect_of
from experiments.tables.rows import Row, read_table

LOG = logging.getLogger(__name__)
CHOICES = {"models": "model", "steps_rules": "steps_rule"}  # key -> the column that it filters


def rank(config: DictConfig) -> None:
    """Print a ranking for every task, or one for all tasks.

    A task that lacks the baseline is ranked without a comparison to it.

    Raises:
        UserError: a value is not allowed, or the table has no scores.
    """
    if not is_number(config.threshold):
        raise UserError(f"threshold must be a number, got {config.threshold!r}")
    check_places(config)
    check_kind("pool_tasks", config.pool_tasks, FLAG)
    pools = _pools(config, Path(config.results_dir) / config.study)
    names = dict.fromkeys(name for _, methods, _ in pools for name in methods)
    if config.baseline is not None and config.baseline not in names:
        raise not_one_of("baseline", config.baseline, names)
    texts = []
    for title, methods, goal in pools:
        baseline = config.baseline if config.baseline in methods else None
        texts.append(ranking(title, methods, goal, baseline))
    LOG.info("%s", "\n\n".join(texts))


def _pools(config: DictConfig, folder: Path) -> list[tuple[str, dict[str, list[Row]], Goal]]:
    """Return the title, the rows by method and the goal of every ranking."""
    path = folder / "transfer.csv"
    rows = read_table(path)
    if not rows:
        raise UserError(f"{path}: the table has no rows")
    goals = read_table(folder / "metrics.csv", MetricGoal)
    metric = config.metric or rows[0].metric
    tasks = list(dict.fromkeys(row.task for row in rows))
    pools = []
    for pool in [tasks] if config.pool_tasks else [[task] for task in tasks]:
        perfect = {perfect_of(goals, task, metric) for task in pool}.pop()
        mine = [row for row in rows if row.metric == metric and row.task in pool]
        for key, column in CHOICES.items():
            mine = _chosen(mine, config[key], key, column)
        warn_of_methods(mine)
        methods = _tested_as_trained(by_method(mine))
        title = f"{', '.join(pool)}: {metric}"
        pools.append((title, methods, Goal(perfect, float(config.threshold))))
    return pools


def _chosen(rows: list[Row], wanted: object, key: str, column: str) -> list[Row]:
    """Keep rows with a wanted value, or without any; raise UserError for an unknown value."""
    if wanted is None:
        return rows
    there = list(dict.fromkeys(getattr(row, column) for row in rows))
    values = [str(value) for value in wanted] if isinstance(wanted, ListConfig) else []
    unknown = [value for value in values if value not in there]
    if unknown or not values:
        allowed = ", ".join(filter(None, there))
        hint = did_you_mean(next(iter(unknown), wanted), there)
        raise UserError(f"{key} must be a list of names among {allowed}, got {wanted!r}{hint}")
    return [row for row in rows if getattr(row, column) in {*values, ""}]


def _tested_as_trained(methods: dict[str, list[Row]]) -> dict[str, list[Row]]:
    """Keep the methods with an in-distribution score; without one there is no gap and no reach."""
    for name, rows in methods.items():
        if not any(map(is_home, rows)):
            LOG.warning("%s has no score as trained: left out", name)
    return {name: rows for name, rows in methods.items() if any(map(is_home, rows))}


if __name__ == "__main__":
    start("rank", rank)
