"""What scores mean, as a task declares it: for tables, figures, rankings and the selection."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


@dataclass(frozen=True)
class Metric:
    """What a score means.

    Attributes:
        perfect: what the right answer scores: 1; 0 for an error, of which less is better; None for
            a fact of the instances, which no answer changes.
        binary: whether it is 0 or 1 for each instance.
        ratio: for a metric of a whole cell, the two scores it is the ratio of the means of.
        is_share: whether it lies between 0 and 1; None: a perfect 1 and a binary one do.
    """

    perfect: float | None = 1.0
    binary: bool = False
    ratio: tuple[str, str] | None = None
    is_share: bool | None = None

    def __post_init__(self) -> None:
        if self.is_share is None:
            object.__setattr__(self, "is_share", self.binary or self.perfect == 1)


def ratio(of: str, by: str) -> Metric:
    """The error by that of a trivial answer: 0 is perfect, 1 no better than trivial."""
    return Metric(perfect=0, ratio=(of, by))


class Ratio(NamedTuple):
    """The ratio of two means, such as the error over that of a trivial answer."""

    scores: np.ndarray  # of every instance [n]
    by: np.ndarray  # what the mean of the scores is divided by the mean of [n]

    @property
    def values(self) -> np.ndarray:
        """Of every instance [n]: their mean is the ratio."""
        return self.scores / max(float(self.by.mean()), float(np.finfo(np.float32).tiny))
