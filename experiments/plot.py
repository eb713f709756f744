"""Redraw every figure from the committed tables: `python -m experiments.plot`."""

import logging
from pathlib import Path

from omegaconf import DictConfig

from data_gen.patterns import visible
from experiments.figures.exhibit import draw_figures
from experiments.settings.checks import check_places
from experiments.settings.command import start
from experiments.settings.errors import UserError

LOG = logging.getLogger(__name__)


def plot(config: DictConfig) -> None:
    """Draw the figures of one study, or of all.

    Raises:
        UserError: a value is not allowed, there is no such study, or a figure cannot be drawn.
    """
    check_places(config, nullable=["study"])
    results = Path(config.results_dir)
    studies = [config.study] if config.study else [p.parent.name for p in _tables(results)]
    for study in studies:
        if not (results / study / "transfer.csv").is_file():
            raise UserError(f"study: {results / study} has no transfer.csv")
        for path in draw_figures(results / study):
            LOG.info("%s", path)


def _tables(results: Path) -> list[Path]:
    """Return the transfer tables of all studies; raise UserError if there are none."""
    tables = visible(results, "*/transfer.csv")
    if not tables:
        raise UserError(f"results_dir: {results} has no study with a transfer.csv")
    return tables


if __name__ == "__main__":
    start("plot", plot)
