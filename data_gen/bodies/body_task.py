"""What all questions about scenes of bodies share."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from torch import Tensor
from torch_geometric.data import Batch

from data_gen.bodies.dynamics.scene import Motion, Scene
from data_gen.bodies.features import Units, observed, spec
from data_gen.packed import Packed
from data_gen.spec import GraphSpec
from data_gen.task import Task


class BodyTask(Task[Motion]):
    """A question about the motion that a scene becomes; a vector of each body is the answer.

    Subclasses have these fields: the number of coordinates, and what counts as 1 in what is read.
    """

    dim: int
    units: Units

    structure: ClassVar[type] = Scene
    size_unit: ClassVar[str] = "bodies"
    cost: ClassVar[float] = 60.0

    @property
    def spec(self) -> GraphSpec:
        """A vector of every node goes out."""
        return spec(self.dim, node_out=self.dim)

    def batch(
        self,
        packed: Packed,
        indices: Tensor | Sequence[int],
        rng: np.random.Generator | None = None,
    ) -> Batch:
        """The instances in the task's units; in training, as they are drawn."""
        batch = packed.batch(indices) if rng is None else self.drawn(packed, indices, rng)
        return observed(batch, batch.position, batch.velocity, self.units)

    def drawn(
        self, packed: Packed, indices: Tensor | Sequence[int], rng: np.random.Generator
    ) -> Batch:
        """The chosen instances as an update sees them, before units: as they are stored."""
        del rng
        return packed.batch(indices)
