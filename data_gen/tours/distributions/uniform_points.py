"""Points that are uniform in the unit square."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from data_gen.distribution import Distribution
from data_gen.tours.points import Points


@dataclass(frozen=True)
class UniformPoints(Distribution[Points]):
    """Independent points, each uniform in the unit square.

    Source: Vinyals et al. 2015, "Pointer networks", section 4.3; Kool et al. 2019, appendix B.
    """

    min_size: ClassVar[int] = 3

    def draw(self, size: int, rng: np.random.Generator) -> Points:
        """Draw `size` points."""
        return Points(rng.uniform(size=(size, 2)))
