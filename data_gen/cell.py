"""Cell: a task on a distribution at given sizes; what a data set is made of."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from torch_geometric.data import Data

from data_gen.distribution import Distribution
from data_gen.seeding import content_hash, instance_generator
from data_gen.task import Task


class SizeError(ValueError):
    """A size that cannot be asked for, or that a generator did not honour."""


@dataclass(frozen=True)
class Cell:
    """Instances of one task, distribution and set of sizes, each a function of its index."""

    task: Task[Any]
    distribution: Distribution[Any]
    sizes: tuple[int, ...]  # the size of an instance is drawn uniformly from these
    split: str  # "train", "val" or "test": the same index gives other instances
    data_seed: int = 0

    def __post_init__(self) -> None:
        if not self.sizes:
            raise SizeError("sizes is []: at least one size is needed")
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

    def instances(self, start: int, stop: int) -> list[Data]:
        """Instances start ... stop - 1; raises SizeError if a structure has another size."""
        rngs = [instance_generator(self.data_seed, self.identity, i) for i in range(start, stop)]
        structures = [self._draw(rng) for rng in rngs]
        return self.task.sample_many(structures, rngs)

    def _draw(self, rng: np.random.Generator) -> Any:  # noqa: ANN401  (a structure of any kind)
        size = int(rng.choice(self.sizes))
        structure = self.distribution.draw(size, rng)
        drawn = getattr(structure, "num_nodes", size)
        if drawn != size:
            raise SizeError(f"{self.distribution!r} was asked for size {size} and drew {drawn}")
        return structure
