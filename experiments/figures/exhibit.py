"""The base classes of figures and tables of a paper: drawn from a study's tables only."""

import dataclasses
import logging
import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
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
from experiments.settings.errors import UserError, not_one_of
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

LOG = logging.getLogger(__name__)
FIGURES = CONF / "figure"
STEPS = "steps"  # as a metric: the number of message-passing steps taken
ALIKE = 0.75  # similarity from which a metric that the tables lack is taken for a misspelt one
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

    needs: ClassVar[str] = "rows"  # what the tables must have, in words

    study: str  # the study that it is drawn for; "": any

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


def draw_figures(folder: Path, names: Collection[str] | None = None) -> list[Path]:
    """Draw figures and tables of a study into its folder; warn of those that cannot be drawn.

    Args:
        folder: the folder of the study, which is named after the study.
        names: the names of the figures; None: all figures that name the study.

    Raises:
        UserError: there is no such figure, or a table or the configuration of a figure is wrong.
    """
    nodes = _configurations()
    for name in names or ():
        if name not in nodes:
            raise not_one_of("figures", name, nodes)
    if names is None:
        names = [name for name, node in nodes.items() if node.get("study") == folder.name]
    tables, paths = load_tables(folder), []
    for name in names:
        exhibit: Exhibit = construct(nodes[name], f"figure.{name}", Exhibit)
        _check_metrics(exhibit, tables, f"figure.{name}")
        if exhibit.can_draw(tables):
            paths += exhibit.save(tables, folder / name)
        else:
            LOG.warning("%s: left out, the tables of %s lack %s", name, folder, exhibit.needs)
    return paths


def standard_figures(folder: Path) -> list[str] | None:
    """Return the figures of any study, for a study that no figure names; None for the others."""
    nodes = _configurations()
    if any(node.get("study") == folder.name for node in nodes.values()):
        return None
    return [name for name, node in nodes.items() if node.get("study") == ""]


def _configurations() -> dict[str, DictConfig]:
    """Return the configurations of all figures by name; raise UserError if a file is not one."""
    nodes = {}
    for path in visible(FIGURES, "*.yaml"):
        node = OmegaConf.load(path)
        if not isinstance(node, DictConfig):
            raise UserError(f"{path}: not the configuration of a figure")
        nodes[path.stem] = node
    return nodes


def _check_metrics(exhibit: Exhibit, tables: Tables, key: str) -> None:
    """Raise UserError for a metric that the tables lack, if they have one of a similar name.

    A study may lack a metric because some of its arms were not run.
    """
    there = dict.fromkeys(row.metric for row in tables.rows)
    stems = dict.fromkeys(re.sub(r"_\d+$", "", name) for name in there)  # frames are in the names
    known = {**there, **stems, **dict.fromkeys(point.metric for point in tables.curves)}
    for name in _metrics(exhibit):
        if name not in known and get_close_matches(name, known, n=1, cutoff=ALIKE):
            raise not_one_of(f"{key}: metric", name, known)


def _metrics(part: object) -> Iterator[str]:
    """Yield the metrics that a part of a figure names."""
    if dataclasses.is_dataclass(part):
        for name, value in vars(part).items():
            if name in ("metric", "by") and value and value != STEPS:
                yield str(value)
            else:
                yield from _metrics(value)
    elif isinstance(part, (list, tuple)):
        for item in part:
            yield from _metrics(item)


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
