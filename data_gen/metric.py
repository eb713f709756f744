"""Metrics: what the scores of a task mean, for tables, figures, rankings and model selection."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


@dataclass(frozen=True)
class Metric:
    """The meaning of a score.

    Attributes:
        perfect: the score of the right answer: 1; 0 for an error, where less is better; None for a
            property of the instance that does not depend on the answer.
        binary: True if the score of every instance is 0 or 1.
        ratio: for a metric of a whole cell, the two scores whose means it is the ratio of.
        is_share: True if the score lies between 0 and 1; None means True for a binary score or one
            whose perfect value is 1, else False.
    """

    perfect: float | None = 1.0
    binary: bool = False
    ratio: tuple[str, str] | None = None
    is_share: bool | None = None

    def __post_init__(self) -> None:
        if self.is_share is None:
            object.__setattr__(self, "is_share", self.binary or self.perfect == 1)


def ratio(of: str, by: str) -> Metric:
    """Return the metric of an error over that of a trivial answer: 0 is perfect, 1 is trivial."""
    return Metric(perfect=0, ratio=(of, by))


class Ratio(NamedTuple):
    """The ratio of two means, such as the error over that of a trivial answer."""

    scores: np.ndarray  # the numerator of every instance [n]
    by: np.ndarray  # the denominator of every instance [n]

    @property
    def values(self) -> np.ndarray:
        """The scores over the mean denominator [n]; the mean of these values is the ratio."""
        return self.scores / max(float(self.by.mean()), float(np.finfo(np.float32).tiny))
