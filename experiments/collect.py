"""The tables of all runs of a study as one, with its figures."""

import logging
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from experiments.errors import UserError
from experiments.figures.style import draw_figures
from experiments.table import Row, format_table, read_table, write_table

LOG = logging.getLogger(__name__)


def run_folders(study_folder: Path) -> list[Path]:
    """The runs of a study that are done, in order of name."""
    return sorted(done.parent for done in study_folder.glob("*/DONE"))


def collect(study_folder: Path) -> list[Row]:
    """Join the transfer tables of all runs that are done; raises UserError if there are none."""
    tables = [t for run in run_folders(study_folder) for t in sorted(run.glob("transfer*.csv"))]
    if not tables:
        raise UserError(f"{study_folder}: there is no run in it that is done")
    rows = dict.fromkeys(row for table in tables for row in read_table(table))
    return list(rows)


class CollectStudy(Callback):
    """When a study's last run ends: its table and figures, and where they are."""

    def on_multirun_end(self, config: DictConfig, **_: Any) -> None:  # noqa: ANN401
        """Write `<runs_dir>/<study>/transfer.csv` and draw the study's figures beside it."""
        folder = Path(config.machine.runs_dir) / config.study
        rows = collect(folder)
        write_table(rows, folder / "transfer.csv")
        drawn = draw_figures(config.study, Path(config.machine.runs_dir))
        LOG.info("%s\n", format_table(rows))
        for path in (folder / "transfer.csv", *drawn):
            LOG.info("%s", path)
