"""Two methods on the same instances: what one answers and the other does not.

python -m experiments.compare 'a=outputs/charges_cpu/egnn-*' 'b=outputs/charges_cpu/gn_sum-*'
"""

import logging

import numpy as np
from omegaconf import DictConfig

from experiments.settings.command import start
from experiments.settings.errors import UserError
from experiments.settings.predicates import is_name
from experiments.statistics.matrix import Cell
from experiments.statistics.pairs import defined, difference, wins
from experiments.statistics.text import aligned
from experiments.study.instances import InstanceScores, Wanted, load_scores

LOG = logging.getLogger(__name__)


def compare(config: DictConfig) -> None:
    """Print a line for every cell that both were scored on."""
    if config.name != "" and not is_name(config.name):
        raise UserError(f"name: {config.name!r} is not allowed, that of an evaluation is")
    rule = None if config.steps_rule is None else str(config.steps_rule)
    wanted = Wanted(config.name, config.metric, rule)
    a = load_scores(str(config.a), "a", wanted)
    b = load_scores(str(config.b), "b", wanted)
    lines = [["distribution", "size", "instances", "a", "b", "a - b", "a > b", "a < b", "p"]]
    lines += [
        [cell[0], str(cell[1]), *_line(a.cells[cell], b.cells[cell])] for cell in shared_cells(a, b)
    ]
    LOG.info("a: %s, %d runs\nb: %s, %d runs", *_who(a), *_who(b))
    LOG.info("a - b [95 % interval over runs and instances]; won; sign test of one run each")
    LOG.info("%s", aligned(lines))


def shared_cells(a: InstanceScores, b: InstanceScores) -> list[Cell]:
    """The cells that both have; raises UserError if there are none, or instances differ."""
    shared = [cell for cell in a.cells if cell in b.cells]
    if not shared:
        raise UserError("b: it was scored on no cell that a was scored on")
    for cell in shared:
        same_number = a.cells[cell].shape[1] == b.cells[cell].shape[1]
        if not same_number or a.data_hashes[cell] != b.data_hashes[cell]:
            name, size = cell
            raise UserError(f"b: its instances of {name} of size {size} are not those of a")
    return shared


def _line(a: np.ndarray, b: np.ndarray) -> list[str]:
    """The comparison on one cell [runs, instances] as text, over the instances that both answer."""
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


def _who(scores: InstanceScores) -> tuple[str, int]:
    return scores.name, len(next(iter(scores.cells.values())))


if __name__ == "__main__":
    start("compare", compare)
