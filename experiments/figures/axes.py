"""The axes of curves."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from experiments.figures.lines import TINY
from experiments.settings.errors import not_one_of

MANY = 6  # ticks from which their numbers are smaller
CLOSE = 1.35  # least ratio of two ticks that both have a number
PLACES = ("size", "steps", "frame")
FOOT = 0.05 / 1.04  # as a share of the height of the axes: 0.03 on an axis of shares


@dataclass(frozen=True)
class XAxis:
    """The x axis: sizes, numbers of message-passing steps, or frames (in the metric's name).

    Attributes:
        of: size, steps or frame.
        label: the label of the axis.
        train: the least and the greatest value in training; the range between is shaded.
        train_label: the label of that range.
    """

    of: str = "size"
    label: str = ""
    train: Sequence[float] = ()
    train_label: str = ""

    def __post_init__(self) -> None:
        """Raise ValueError for an unknown kind of axis, or for half a range."""
        if self.of not in PLACES:
            raise ValueError(str(not_one_of("of", self.of, PLACES)))
        if len(self.train) not in (0, 2):
            raise ValueError(f"train must be two numbers, got {list(self.train)!r}")

    def placed(self, rows: pd.DataFrame, metrics: Sequence[str]) -> pd.DataFrame:
        """Return the rows of the metrics, with columns `name` (of the metric) and `x` (place)."""
        names = rows["metric"].astype(str)
        if self.of == "frame":
            parts = names.str.extract(r"^(?P<name>.*)_(?P<x>\d+)$")
        else:
            parts = pd.DataFrame({"name": names, "x": rows["size"].astype(str)})
            if self.of == "steps":
                parts["x"] = rows["steps_rule"].astype(str)
        is_placed = parts["name"].isin(list(metrics)) & parts["x"].str.fullmatch(r"\d+", na=False)
        x = parts["x"][is_placed].astype(int)
        return rows[is_placed].assign(name=parts["name"][is_placed], x=x)

    @property
    def line_column(self) -> str:
        """The column that names a line; it contains the step rule unless steps are the axis."""
        return "model" if self.of == "steps" else "method"

    def label_places(self, axes: Axes, places: Sequence[int]) -> None:
        """Make the axis logarithmic: frames have powers of ten, others a tick at each place.

        The ends of the training range have ticks as well. Ticks without room have no number.
        """
        if self.of == "frame":
            axes.set_xscale("log")
            return
        axes.set_xscale("log", base=2)
        ends = [end for end in self.train if end not in places]
        is_apart = [all(max(end / x, x / end) >= CLOSE for x in places) for end in ends]
        step = 2 if len(places) > MANY else 1
        names = {x: "" if k % step else str(x) for k, x in enumerate(sorted(places, reverse=True))}
        names |= {end: f"{end:g}" if far else "" for end, far in zip(ends, is_apart, strict=True)}
        small: dict[str, Any] = {"fontsize": 6.5} if len(names) >= MANY else {}
        axes.set_xticks(list(names), list(names.values()), **small)
        axes.set_xticks([], minor=True)

    def shade_training(self, axes: Axes) -> None:
        """Shade the training range; a single value is as wide as a marker."""
        if not self.train:
            return
        low, high = self.train
        if low == high:
            axes.axvline(low, color="0.9", linewidth=6, zorder=0)
        else:
            axes.axvspan(low, high, color="0.9", zorder=0, linewidth=0)

    def name_training(self, axes: Axes) -> None:
        """Label the shaded range, at its foot."""
        if self.train and self.train_label:
            axes.annotate(
                self.train_label, (self.train[0] * 1.03, FOOT), fontsize=6, color="0.35",
                xycoords=("data", "axes fraction"),
            )  # fmt: skip


@dataclass(frozen=True)
class YAxis:
    """The y axis: linear between two ends, or logarithmic around the values and within the ends."""

    is_log: bool = False
    low: float | None = None
    high: float | None = None
    has_bars: bool = False  # error bars instead of bands

    @property
    def ends(self) -> tuple[float, float]:
        """The lower and upper end; by default a linear axis shows shares."""
        low, high = (TINY, np.inf) if self.is_log else (-0.02, 1.02)
        return low if self.low is None else self.low, high if self.high is None else self.high
