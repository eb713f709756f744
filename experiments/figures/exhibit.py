"""What every figure and table of a paper is: drawn from a study's tables, saved as files."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from omegaconf import DictConfig, OmegaConf
from PIL import Image

from data_gen.files import write_atomically
from data_gen.picture import Picture
from data_gen.summary import CellSummary
from experiments.figures.style import LOOK
from experiments.settings.construct import construct
from experiments.settings.errors import UserError
from experiments.settings.places import CONF
from experiments.tables.cells import read_cells
from experiments.tables.curves import CurvePoint
from experiments.tables.effects import Effect
from experiments.tables.frame import frame_of
from experiments.tables.goals import MetricGoal
from experiments.tables.pictures import stored_pictures
from experiments.tables.rows import Row, read_table
from experiments.tables.severities import Severity

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

R = TypeVar("R", bound="DataclassInstance")

FIGURES = CONF / "figure"
FRAME_DPI, FRAME_MS = 110, 150  # of an animation


@dataclass(frozen=True)
class Tables:
    """What a figure is drawn from, and nothing else."""

    rows: list[Row]
    cells: dict[tuple[str, int], CellSummary]  # by distribution and size
    pictures: dict[str, list[Picture]] = field(default_factory=dict)  # by the name of the file
    goals: list[MetricGoal] = field(default_factory=list)
    curves: list[CurvePoint] = field(default_factory=list)
    severities: list[Severity] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)

    @cached_property
    def scores(self) -> pd.DataFrame:
        """The rows as a frame (`tables.frame`)."""
        return frame_of(self.rows)


class Exhibit(ABC):
    """What is a pure function of one study's tables. Subclasses are frozen dataclasses."""

    study: str

    def can_draw(self, tables: Tables) -> bool:
        """Whether the tables have what it shows."""
        return bool(tables.rows)

    @abstractmethod
    def save(self, tables: Tables, stem: Path) -> list[Path]:
        """Write the files `<stem>.*`: the same tables give the same bytes."""


class TableFigure(Exhibit):
    """A figure, as PNG and PDF, and as GIF where it moves."""

    frame_ms: ClassVar[int] = FRAME_MS
    num_colours: ClassVar[int] = 64  # of a picture of the animation

    @abstractmethod
    def draw(self, tables: Tables) -> Figure:
        """The figure."""

    def frames(self, tables: Tables) -> list[Figure]:
        """The pictures of an animation that goes with it; none if there is none."""
        del tables
        return []

    def save(self, tables: Tables, stem: Path) -> list[Path]:
        """Draw it in the shared style."""
        with mpl.rc_context():
            mpl.rcdefaults()  # in the place of the user's matplotlibrc
            mpl.rcParams.update(LOOK)
            drawn = self.draw(tables)
            FigureCanvasAgg(drawn)
            paths = _save(drawn, stem)
            return paths + _animate(self.frames(tables), stem, self.frame_ms, self.num_colours)


class TextTable(Exhibit):
    """A table for a paper, as LaTeX."""

    @abstractmethod
    def text(self, tables: Tables) -> str:
        """The source: a `table` with its caption."""

    def save(self, tables: Tables, stem: Path) -> list[Path]:
        """Write the source."""
        path, text = stem.with_suffix(".tex"), self.text(tables)
        write_atomically(path, lambda temporary: temporary.write_text(text))
        return [path]


def load_tables(folder: Path) -> Tables:
    """The tables in a study's folder; of those beside scores and cells, what is there."""
    cells = read_cells(folder / "cells.csv")
    return Tables(
        rows=read_table(folder / "transfer.csv"),
        cells={(c.distribution, c.size): c for c in cells},
        pictures=stored_pictures(folder),
        goals=_read(folder, "metrics.csv", MetricGoal),
        curves=_read(folder, "curves.csv", CurvePoint),
        severities=_read(folder, "severity.csv", Severity),
        effects=_read(folder, "effects.csv", Effect),
    )


def _read(folder: Path, pattern: str, kind: type[R]) -> list[R]:
    """The rows of all tables of that name."""
    return [row for path in sorted(folder.glob(pattern)) for row in read_table(path, kind)]


def draw_figures(folder: Path) -> list[Path]:
    """Draw what shows the study whose tables are in a folder of its name, into that folder."""
    tables = load_tables(folder)
    paths = []
    for config in sorted(FIGURES.glob("*.yaml")):
        node = OmegaConf.load(config)
        if not isinstance(node, DictConfig):
            raise UserError(f"{config}: not the configuration of a figure")
        if node.get("study") == folder.name:
            exhibit: Exhibit = construct(node, f"figure.{config.stem}", Exhibit)
            if exhibit.can_draw(tables):
                paths += exhibit.save(tables, folder / config.stem)
    return paths


def _animate(
    frames: list[Figure], stem: Path, frame_ms: int = FRAME_MS, num_colours: int = 64
) -> list[Path]:
    """As a GIF that starts over; the last picture stays longer."""
    if not frames:
        return []
    pictures: list[Image.Image] = []
    for _, same in groupby(frames, key=id):  # one that stays for longer is drawn once
        frame, *held = same
        canvas = FigureCanvasAgg(frame)
        frame.set_dpi(FRAME_DPI)
        canvas.draw()
        drawn = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
        pictures += [drawn.quantize(num_colours)] * (1 + len(held))
    durations = [frame_ms] * (len(pictures) - 1) + [12 * frame_ms]
    path = stem.with_suffix(".gif")
    first, *others = pictures
    how: dict[str, Any] = {"save_all": True, "append_images": others, "duration": durations}
    write_atomically(path, lambda temporary: first.save(temporary, format="GIF", loop=0, **how))
    return [path]


def _save(figure: Figure, stem: Path) -> list[Path]:
    """As PNG and PDF, without dates: the same table gives the same bytes."""
    undated = {
        "png": {"Software": None},
        "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    }
    paths = []
    for kind, metadata in undated.items():
        write = partial(figure.savefig, format=kind, metadata=metadata)
        paths.append(stem.with_suffix(f".{kind}"))
        write_atomically(paths[-1], write)
    return paths
