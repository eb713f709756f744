"""What all figures share: their look, where they are read from and written to."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from omegaconf import DictConfig, OmegaConf

from data_gen.summary import CellSummary
from experiments.construct import construct
from experiments.errors import UserError
from experiments.table import Row, read_table

CONF = Path(__file__).parent.parent.parent / "conf" / "figure"
COLUMN, PAGE = 3.4, 7.0  # inches: a column and a page of a two-column paper

# Okabe & Ito 2008: told apart with every kind of colour vision; used in this order.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")

LOOK: dict[Any, Any] = {
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "lines.linewidth": 1.3,
    "lines.markersize": 3.5,
    "figure.constrained_layout.use": True,
    "savefig.dpi": 300,
    "pdf.fonttype": 42,
}


@dataclass(frozen=True)
class Tables:
    """What a figure is drawn from, and nothing else."""

    rows: list[Row]
    cells: dict[tuple[str, int], CellSummary]  # by distribution and size


class TableFigure(ABC):
    """A figure that is a pure function of one study's tables. Subclasses are frozen dataclasses."""

    study: str

    @abstractmethod
    def draw(self, tables: Tables) -> Figure:
        """The figure."""


def draw_figures(folder: Path) -> list[Path]:
    """Draw the figures of the study whose tables are in a folder of its name, into that folder."""
    cells = read_table(folder / "cells.csv", CellSummary)
    tables = Tables(
        read_table(folder / "transfer.csv"), {(c.distribution, c.size): c for c in cells}
    )
    paths = []
    for config in sorted(CONF.glob("*.yaml")):
        node = OmegaConf.load(config)
        if not isinstance(node, DictConfig):
            raise UserError(f"{config}: not the configuration of a figure")
        figure: TableFigure = construct(node, f"figure.{config.stem}")
        if figure.study == folder.name:
            with mpl.rc_context(LOOK):
                drawn = figure.draw(tables)
                FigureCanvasAgg(drawn)
                paths += _save(drawn, folder / config.stem)
    return paths


def _save(figure: Figure, stem: Path) -> list[Path]:
    """As PNG and PDF, without dates: the same table gives the same bytes."""
    paths = [stem.with_suffix(".png"), stem.with_suffix(".pdf")]
    figure.savefig(paths[0], metadata={"Software": None})
    figure.savefig(paths[1], metadata={"CreationDate": None, "Creator": None, "Producer": None})
    return paths
