"""Redraw figures from tables.

python -m experiments.plot study=quickstart
python -m experiments.plot results_dir=outputs study=mine 'figures=[scores]'

A study that no figure names gets the standard one, `scores`.
"""

import logging
from collections.abc import Collection
from pathlib import Path

from omegaconf import DictConfig, ListConfig

from data_gen.patterns import visible
from experiments.figures.exhibit import draw_figures, standard_figures
from experiments.settings.checks import check_places
from experiments.settings.command import start
from experiments.settings.errors import UserError
from experiments.settings.kinds import NAMES, or_null
from experiments.settings.schema import check_kind, plain

LOG = logging.getLogger(__name__)


def plot(config: DictConfig) -> None:
    """Draw the figures of one study, or of all.

    Raises:
        UserError: a value is not allowed, there is no such study, or a figure cannot be drawn.
    """
    check_places(config, nullable=["study"])
    check_kind("figures", plain(config.figures), or_null(NAMES))
    results = Path(config.results_dir)
    studies = [config.study] if config.study else [p.parent.name for p in _tables(results)]
    for study in studies:
        if not (results / study / "transfer.csv").is_file():
            raise UserError(f"study: {results / study} has no transfer.csv")
        for path in draw_figures(results / study, _wanted(config.figures, results / study)):
            LOG.info("%s", path)


def _wanted(figures: ListConfig | None, folder: Path) -> Collection[str] | None:
    """Return the names of the figures that are asked for; None: those that name the study."""
    if figures is not None:
        return [str(name) for name in figures]
    standard = standard_figures(folder)
    if standard is not None:
        LOG.info("no figure of conf/figure names %s: %s", folder.name, ", ".join(standard))
    return standard


def _tables(results: Path) -> list[Path]:
    """Return the transfer tables of all studies; raise UserError if there are none."""
    tables = visible(results, "*/transfer.csv")
    if not tables:
        raise UserError(f"results_dir: {results} has no study with a transfer.csv")
    return tables


if __name__ == "__main__":
    start("plot", plot)
