"""Compare two methods on the same instances: mean difference, wins and a sign test.

python -m experiments.compare 'a=outputs/charges_cpu/egnn-*' 'b=outputs/charges_cpu/gn_sum-*'
"""

import logging

import numpy as np
from omegaconf import DictConfig

from experiments.settings.command import start
from experiments.settings.errors import UserError
from experiments.settings.kinds import NAME
from experiments.settings.schema import check_kind
from experiments.statistics.matrix import Cell
from experiments.statistics.pairs import defined, difference, wins
from experiments.statistics.text import aligned
from experiments.study.instances import InstanceScores, Wanted, load_scores

LOG = logging.getLogger(__name__)


def compare(config: DictConfig) -> None:
    """Print a line for every cell that both methods were scored on.

    Raises:
        UserError: a value is not allowed, or the methods cannot be compared.
    """
    if config.name != "":
        check_kind("name", config.name, NAME)
    rule = None if config.steps_rule is None else str(config.steps_rule)
    wanted = Wanted(config.name, config.metric, rule)
    a = load_scores(str(config.a), "a", wanted)
    b = load_scores(str(config.b), "b", wanted)
    lines = [["distribution", "size", "instances", "a", "b", "a - b", "a > b", "a < b", "p"]]
    lines += [
        [cell[0], str(cell[1]), *_line(a.cells[cell], b.cells[cell])] for cell in shared_cells(a, b)
    ]
    if a.task != b.task:
        LOG.warning("a and b were asked in different ways: %s and %s", a.task, b.task)
    LOG.info("a: %s\nb: %s", *(_named(one, has_task=a.task != b.task) for one in (a, b)))
    LOG.info(
        "a - b [95 % interval over runs and instances]; wins; p of a sign test of one run each"
    )
    LOG.info("%s", aligned(lines))


def shared_cells(a: InstanceScores, b: InstanceScores) -> list[Cell]:
    """Return the cells that both methods were scored on.

    Raises:
        UserError: there is no such cell, or the instances of one differ.
    """
    shared = [cell for cell in a.cells if cell in b.cells]
    if not shared:
        raise UserError("b must have a cell that a was scored on, got none")
    for cell in shared:
        same_number = a.cells[cell].shape[1] == b.cells[cell].shape[1]
        if not same_number or a.data_hashes[cell] != b.data_hashes[cell]:
            name, size = cell
            raise UserError(f"b must have the same instances of {name} of size {size} as a")
    return shared


def _line(a: np.ndarray, b: np.ndarray) -> list[str]:
    """Return the comparison of scores [runs, instances] on one cell as the texts of a line."""
    a, b = defined(a, b)
    if a.shape[1] == 0:
        return ["0", *["–"] * 6]
    found = difference(a, b)
    higher, lower, p = wins(a, b)
    ends = "" if np.isnan(found.low) else f" [{found.low:.2g}, {found.high:.2g}]"
    means = [f"{scores.mean():.3g}" for scores in (a, b)]
    chance = "–" if np.isnan(p) else f"{p:.2g}"
    between = f"{found.mean:.3g}{ends}"
    return [str(found.num_instances), *means, between, str(higher), str(lower), chance]


def _named(scores: InstanceScores, *, has_task: bool) -> str:
    """Return the name of a method, with its task if the two differ in it, and its runs."""
    task = f"{scores.task}/" if has_task else ""
    return f"{task}{scores.name}, {len(next(iter(scores.cells.values())))} runs"


if __name__ == "__main__":
    start("compare", compare)
