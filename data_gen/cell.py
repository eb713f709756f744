"""Cell: a task on a distribution at given sizes; what a data set is made of."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from torch_geometric.data import Data

from data_gen.distribution import MAX_TRIES, Distribution, GenerationError
from data_gen.seeding import content_hash, instance_generator
from data_gen.split import Keyed, keep_all, split_of
from data_gen.task import Task


class SizeError(ValueError):
    """A size that cannot be asked for, or that a generator did not honour."""


class StructureError(ValueError):
    """A distribution of other structures than the task takes."""


@dataclass(frozen=True)
class Cell:
    """Instances of one task, distribution and set of sizes, each a function of its index.

    Structures that are drawn together make instances that follow one another. A test set of one
    size of a law over a list has every structure of the list once. A structure that can be drawn
    twice is in the cells of one split alone: see `split`.
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
            self.distribution.names(size)  # GenerationError if it has none of that size

    @property
    def identity(self) -> str:
        """Everything but the seed that the instances depend on."""
        sizes = ",".join(map(str, self.sizes))
        # where there is nothing to keep apart, data sets keep the hash of before there was a split
        apart = " | kept apart v1" if any(map(self._repeats, self.sizes)) else ""
        parts = (self.task.identity, self.distribution.identity, f"sizes {sizes}", self.split)
        return " | ".join(parts) + apart

    def file_stem(self, num_instances: int) -> str:
        """The name of the data set of the first `num_instances` instances."""
        return content_hash(f"{self.identity} | data_seed {self.data_seed} | {num_instances}")

    @property
    def group_size(self) -> int:
        """How many instances that follow one another belong together."""
        return self.task.group_size(self.distribution)

    @property
    def names(self) -> list[str] | None:
        """The name of each instance, where they are those of a list."""
        is_list = self.split == "test" and len(self.sizes) == 1
        return self.distribution.names(self.sizes[0]) if is_list else None

    def count(self, num_instances: int) -> int:
        """How many instances there are if so many are asked for: of a list, all."""
        return num_instances if self.names is None else len(self.names)

    def instances(self, start: int, stop: int) -> list[Data]:
        """Instances start ... stop - 1; raises SizeError if a structure has another size."""
        structures, rngs, skip = self._drawn(start, stop)
        return self.task.sample_many(structures, rngs)[skip : skip + stop - start]

    def structures(self, start: int, stop: int) -> list[Any]:
        """What instances start ... stop - 1 are posed on."""
        structures, _, skip = self._drawn(start, stop)
        return structures[skip : skip + stop - start]

    def _drawn(self, start: int, stop: int) -> tuple[list[Any], list[np.random.Generator], int]:
        """Whole groups, the generator of each structure, and how many come before `start`."""
        width, names = self.group_size, self.names
        first, last = start // width, -(-stop // width)
        structures, rngs = [], []
        for index in range(first, last):
            rng = instance_generator(self.data_seed, self.identity, index)
            structures += self._draw(rng) if names is None else self._listed(index, names[index])
            rngs += [rng] * width
        return structures, rngs, start - first * width

    def _listed(self, index: int, name: str) -> list[Any]:
        """The structure of that place in the list."""
        size = self.sizes[0]
        posed = self._posed([self.distribution.structure_at(size, index)], size)
        if not posed:
            raise GenerationError(f"{name}: {self.task!r} cannot pose it")
        return posed

    def _posed(self, structures: list[Any], size: int) -> list[Any]:
        """Those of a group that are posed, of the right size."""
        posed = self.task.posed(structures)
        for structure in posed:
            if structure.size != size:
                raise SizeError(
                    f"{self.distribution!r} was asked for size {size} and drew {structure.size}"
                )
        return posed

    def _draw(self, rng: np.random.Generator) -> list[Any]:
        """A group of structures that are posed."""
        size = int(rng.choice(self.sizes))
        keep = self._is_of_split if self._repeats(size) else keep_all
        for _ in range(MAX_TRIES):
            group = self.distribution.draw_group(size, rng, keep)
            posed = self._posed(group, size)
            if posed and all(map(keep, group)):
                return posed
        raise GenerationError(
            f"{self.distribution!r}: nothing of size {size} that {self.task!r} can pose"
            f"{'' if keep is keep_all else f' and that is of the split {self.split}'}, in"
            f" {MAX_TRIES} tries"
        )

    def _repeats(self, size: int) -> bool:
        """Whether structures of that size can be drawn twice."""
        return size <= self.distribution.repeats_to

    def _is_of_split(self, structure: Keyed) -> bool:
        """Whether the structure may be in this cell."""
        return split_of(structure) == self.split
