"""The base classes of figures and tables of a paper: drawn from a study's tables only."""

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
from data_gen.patterns import visible
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
FRAME_DPI, FRAME_MS = 110, 150  # resolution and duration of a frame of an animation


@dataclass(frozen=True)
class Tables:
    """The tables that a figure is drawn from; it reads nothing else."""

    rows: list[Row]
    cells: dict[tuple[str, int], CellSummary]  # by distribution and size
    pictures: dict[str, list[Picture]] = field(default_factory=dict)  # by file name
    goals: list[MetricGoal] = field(default_factory=list)
    curves: list[CurvePoint] = field(default_factory=list)
    severities: list[Severity] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)

    @cached_property
    def scores(self) -> pd.DataFrame:
        """The rows as a pandas frame (`tables.frame`)."""
        return frame_of(self.rows)


class Exhibit(ABC):
    """A figure or table, a pure function of one study's tables. Subclasses are dataclasses."""

    study: str

    def can_draw(self, tables: Tables) -> bool:
        """Return whether the tables have what the exhibit shows."""
        return bool(tables.rows)

    @abstractmethod
    def save(self, tables: Tables, stem: Path) -> list[Path]:
        """Write the files `<stem>.*`: the same tables give the same bytes."""


class TableFigure(Exhibit):
    """A figure, saved as PNG and PDF, and as GIF if it is animated."""

    frame_ms: ClassVar[int] = FRAME_MS
    num_colours: ClassVar[int] = 64  # of a frame of the animation

    @abstractmethod
    def draw(self, tables: Tables) -> Figure:
        """Draw the figure."""

    def frames(self, tables: Tables) -> list[Figure]:
        """Draw the frames of the figure's animation; an empty list if there is none."""
        del tables
        return []

    def save(self, tables: Tables, stem: Path) -> list[Path]:
        """Draw the figure in the shared style and write its files."""
        with mpl.rc_context():
            mpl.rcdefaults()  # in place of the user's matplotlibrc
            mpl.rcParams.update(LOOK)
            drawn = self.draw(tables)
            FigureCanvasAgg(drawn)
            paths = _save(drawn, stem)
            return paths + _animate(self.frames(tables), stem, self.frame_ms, self.num_colours)


class TextTable(Exhibit):
    """A table for a paper, saved as LaTeX."""

    @abstractmethod
    def text(self, tables: Tables) -> str:
        """Return the LaTeX source: a table with its caption."""

    def save(self, tables: Tables, stem: Path) -> list[Path]:
        """Write the LaTeX source."""
        path, text = stem.with_suffix(".tex"), self.text(tables)
        write_atomically(path, lambda temporary: temporary.write_text(text))
        return [path]


def load_tables(folder: Path) -> Tables:
    """Read the tables in a study's folder; all but scores and cells may be missing.

    Raises:
        UserError: a table is missing or damaged.
    """
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
    """Read the rows of the tables that match a pattern."""
    return [row for path in visible(folder, pattern) for row in read_table(path, kind)]


def draw_figures(folder: Path) -> list[Path]:
    """Draw all figures and tables of a study into its folder, which is named after the study.

    Raises:
        UserError: a table or the configuration of a figure is wrong.
    """
    tables = load_tables(folder)
    paths = []
    for config in visible(FIGURES, "*.yaml"):
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
    """Write frames as a looping GIF whose last frame stays longer."""
    if not frames:
        return []
    pictures: list[Image.Image] = []
    for _, same in groupby(frames, key=id):  # a repeated frame is drawn once
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
    """Write PNG and PDF without dates, so that the same tables give the same bytes."""
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
