"""What all figures share: their look, where they are read from and written to."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from omegaconf import DictConfig, OmegaConf
from PIL import Image

from data_gen.summary import CellSummary
from experiments.construct import construct
from experiments.errors import UserError
from experiments.literal_points import LiteralPoint
from experiments.rollout_points import RolloutPoint
from experiments.table import Row, read_table

CONF = Path(__file__).parent.parent.parent / "conf" / "figure"
FRAME_DPI, FRAME_MS = 110, 150  # of an animation
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
    literals: list[LiteralPoint] = field(default_factory=list)
    rollouts: list[RolloutPoint] = field(default_factory=list)  # of all tables of them


class TableFigure(ABC):
    """A figure that is a pure function of one study's tables. Subclasses are frozen dataclasses."""

    study: str
    frame_ms: ClassVar[int] = FRAME_MS
    num_colours: ClassVar[int] = 64  # of a picture of the animation

    @abstractmethod
    def draw(self, tables: Tables) -> Figure:
        """The figure."""

    def can_draw(self, tables: Tables) -> bool:
        """Whether the tables have what it shows."""
        return bool(tables.rows)

    def frames(self, tables: Tables) -> list[Figure]:
        """The pictures of an animation that goes with it; none if there is none."""
        del tables
        return []


def draw_figures(folder: Path) -> list[Path]:
    """Draw the figures of the study whose tables are in a folder of its name, into that folder."""
    cells = read_table(folder / "cells.csv", CellSummary)
    literals = folder / "literals.csv"
    tables = Tables(
        read_table(folder / "transfer.csv"),
        {(c.distribution, c.size): c for c in cells},
        read_table(literals, LiteralPoint) if literals.is_file() else [],
        [
            p
            for path in sorted(folder.glob("rollouts_*.csv"))
            for p in read_table(path, RolloutPoint)
        ],
    )
    paths = []
    for config in sorted(CONF.glob("*.yaml")):
        node = OmegaConf.load(config)
        if not isinstance(node, DictConfig):
            raise UserError(f"{config}: not the configuration of a figure")
        figure: TableFigure = construct(node, f"figure.{config.stem}")
        if figure.study == folder.name and figure.can_draw(tables):
            with mpl.rc_context(LOOK):
                drawn = figure.draw(tables)
                FigureCanvasAgg(drawn)
                paths += _save(drawn, folder / config.stem)
                gif = (figure.frame_ms, figure.num_colours)
                paths += _animate(figure.frames(tables), folder / config.stem, *gif)
    return paths


def _animate(
    frames: list[Figure], stem: Path, frame_ms: int = FRAME_MS, num_colours: int = 64
) -> list[Path]:
    """As a GIF that starts over; the last picture stays longer."""
    if not frames:
        return []
    pictures = []
    for frame in frames:
        canvas = FigureCanvasAgg(frame)
        frame.set_dpi(FRAME_DPI)
        canvas.draw()
        pictures.append(Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB"))
    durations = [frame_ms] * (len(pictures) - 1) + [12 * frame_ms]
    path = stem.with_suffix(".gif")
    first, *others = (picture.quantize(num_colours) for picture in pictures)
    first.save(path, save_all=True, append_images=others, duration=durations, loop=0)
    return [path]


def _save(figure: Figure, stem: Path) -> list[Path]:
    """As PNG and PDF, without dates: the same table gives the same bytes."""
    paths = [stem.with_suffix(".png"), stem.with_suffix(".pdf")]
    figure.savefig(paths[0], metadata={"Software": None})
    figure.savefig(paths[1], metadata={"CreationDate": None, "Creator": None, "Producer": None})
    return paths
