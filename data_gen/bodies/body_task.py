"""BodyTask: the base class of all tasks on scenes of bodies."""

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
    """A question about the motion of a scene; the answer is a vector of each body.

    Attributes:
        dim: the number of coordinates d.
        units: the physical units of what models read and answer.
    """

    dim: int
    units: Units

    structure: ClassVar[type] = Scene
    size_unit: ClassVar[str] = "bodies"
    cost: ClassVar[float] = 60.0

    @property
    def spec(self) -> GraphSpec:
        """The widths of the inputs, and a vector of each node as output."""
        return spec(self.dim, node_out=self.dim)

    def batch(
        self,
        packed: Packed,
        indices: Tensor | Sequence[int],
        rng: np.random.Generator | None = None,
    ) -> Batch:
        """Return the batch in the task's units; with `rng`, as `drawn` gives it for training."""
        batch = packed.batch(indices) if rng is None else self.drawn(packed, indices, rng)
        return observed(batch, batch.position, batch.velocity, self.units)

    def drawn(
        self, packed: Packed, indices: Tensor | Sequence[int], rng: np.random.Generator
    ) -> Batch:
        """Return the batch of a training update, before units; by default the stored instances."""
        del rng
        return packed.batch(indices)
