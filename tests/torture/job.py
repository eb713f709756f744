"""A job: a part of a kind of torture, in a process of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.torture.tally import Tally, rng_of


@dataclass(frozen=True)
class Job:
    """A part of a kind of torture, or every `of`-th case of it.

    Attributes:
        tally: counts the cases.
        part: the name of the part.
        seed: the seed of everything random.
        share: the share of the cases to try.
        work: an empty folder.
        only: the number of the only case to try; None: all of the share.
        first: the first case of this job.
        of: the number of jobs that share the part.
    """

    tally: Tally
    part: str
    seed: int
    share: float
    work: Path
    only: int | None = None
    first: int = 0
    of: int = 1

    def numbers(self, every: Sequence[int]) -> list[int]:
        """Return the numbers of the cases to try, of all that there are."""
        if self.only is not None:
            return [number for number in every if number == self.only]
        count = max(1, round(self.share * len(every)))
        chosen = rng_of(self.seed, self.part, 0).choice(every, count, replace=False)
        return np.sort(chosen)[self.first :: self.of].tolist()

    def rng(self, number: int) -> np.random.Generator:
        """Return the generator of a case."""
        return rng_of(self.seed, self.part, number + 1)

    def add(self, column: str, number: int, text: object) -> None:
        """Count a case that went wrong."""
        self.tally.add(column, self.part, number, text)
