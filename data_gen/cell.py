"""Cell: a task on a distribution at given sizes; what a data set is made of."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from torch_geometric.data import Data

from data_gen.connectivity import MAX_TRIES
from data_gen.distribution import Distribution, GenerationError
from data_gen.seeding import content_hash, instance_generator
from data_gen.task import Task


class SizeError(ValueError):
    """A size that cannot be asked for, or that a generator did not honour."""


class StructureError(ValueError):
    """A distribution of other structures than the task takes."""


@dataclass(frozen=True)
class Cell:
    """Instances of one task, distribution and set of sizes, each a function of its index.

    Structures that are drawn together make instances that follow one another.
    """

    task: Task[Any]
    distribution: Distribution[Any]
    sizes: tuple[int, ...]  # the size of an instance is drawn uniformly from these
    split: str  # "train", "val" or "test": the same index gives other instances
    data_seed: int = 0

    def __post_init__(self) -> None:
        if not self.sizes:
            raise SizeError("sizes is []: at least one size is needed")
        if self.distribution.structure is not self.task.structure:
            raise StructureError(
                f"{self.distribution!r} gives a {self.distribution.structure.__name__},"
                f" {self.task!r} takes a {self.task.structure.__name__}"
            )
        for size in self.sizes:
            if isinstance(size, bool) or not isinstance(size, int):
                raise SizeError(f"size {size!r}: an integer is needed")
            if size < self.distribution.min_size:
                raise SizeError(
                    f"size {size}: {self.distribution!r} needs at least"
                    f" {self.distribution.min_size} {self.task.size_unit}"
                )

    @property
    def identity(self) -> str:
        """Everything but the seed that the instances depend on."""
        sizes = ",".join(map(str, self.sizes))
        return f"{self.task.identity} | {self.distribution.identity} | sizes {sizes} | {self.split}"

    def file_stem(self, num_instances: int) -> str:
        """The name of the data set of the first `num_instances` instances."""
        return content_hash(f"{self.identity} | data_seed {self.data_seed} | {num_instances}")

    @property
    def group_size(self) -> int:
        """How many instances that follow one another belong together."""
        return self.task.group_size(self.distribution)

    def instances(self, start: int, stop: int) -> list[Data]:
        """Instances start ... stop - 1; raises SizeError if a structure has another size."""
        width = self.group_size
        first, last = start // width, -(-stop // width)
        rngs = [instance_generator(self.data_seed, self.identity, i) for i in range(first, last)]
        structures = [structure for rng in rngs for structure in self._draw(rng)]
        made = self.task.sample_many(structures, [rng for rng in rngs for _ in range(width)])
        return made[start - first * width : stop - first * width]

    def _draw(self, rng: np.random.Generator) -> list[Any]:
        """A group of structures that are posed."""
        size = int(rng.choice(self.sizes))
        for _ in range(MAX_TRIES):
            posed = self.task.posed(self.distribution.draw_group(size, rng))
            for structure in posed:
                if structure.size != size:
                    raise SizeError(
                        f"{self.distribution!r} was asked for size {size} and drew {structure.size}"
                    )
            if posed:
                return posed
        raise GenerationError(
            f"{self.distribution!r}: nothing of size {size} that {self.task!r} can pose, in"
            f" {MAX_TRIES} tries"
        )
