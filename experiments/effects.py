"""Measure the effect of each choice in a factorial study, on every cell.

python -m experiments.effects study=headline

The arms of a factorial study are named by their choices, joined by `_`: `linear_max_relative`. The
task is one more choice. The effect of a choice is the mean difference between all arms that make it
and the arms that differ only in making the first choice instead, on the same instances.
"""

import logging
from pathlib import Path

import numpy as np
from omegaconf import DictConfig

from experiments.settings.checks import check_places
from experiments.settings.command import start
from experiments.settings.errors import UserError
from experiments.statistics.pairs import difference
from experiments.statistics.text import aligned
from experiments.study.factorial import Factorial, factorial_of
from experiments.study.join import current_runs
from experiments.tables.effects import Effect
from experiments.tables.rows import write_table

LOG = logging.getLogger(__name__)


def effects(config: DictConfig) -> None:
    """Print the effects, and write them to `<results_dir>/<study>/effects.csv`.

    Raises:
        UserError: a value is not allowed, there is no such study, or it is not factorial.
    """
    check_places(config)
    runs = current_runs(Path(config.runs_dir) / config.study)
    found = effects_of(factorial_of(runs, str(config.metric)))
    folder = Path(config.results_dir) / config.study
    if not folder.is_dir():
        raise UserError(f"results_dir: there is no folder {folder}; publish the study first")
    write_table(found, folder / "effects.csv", Effect)
    head = ["distribution", "size", "choice", "in place of", "with", "without", "difference"]
    lines = [
        [e.distribution, str(e.size), e.choice, e.reference, f"{e.mean_with:.2f}",
         f"{e.mean_without:.2f}", f"{e.mean:+.2f} [{e.low:+.2f}, {e.high:+.2f}]"]
        for e in found
    ]  # fmt: skip
    LOG.info(
        "%s, [95 %% interval over runs and instances]\n%s", config.metric, aligned([head, *lines])
    )


def effects_of(study: Factorial) -> list[Effect]:
    """Return the effect of every choice on every cell, over arms with equal other choices."""
    found = []
    for cell in study.cells:
        for factor, levels in enumerate(study.levels):
            reference = levels[0]
            for choice in levels[1:]:
                pairs = study.pairs(cell, factor, choice, reference)
                a, b = (np.mean([pair[k] for pair in pairs], axis=0) for k in (0, 1))
                between = difference(a, b)
                means = float(np.nanmean(a)), float(np.nanmean(b))
                found.append(
                    Effect(*cell, choice, reference, *means, *between[:3], len(pairs), len(a))
                )
    return found


if __name__ == "__main__":
    start("effects", effects)
