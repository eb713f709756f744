"""Cell: one task on one distribution at given sizes; a data set holds instances of one cell."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from torch_geometric.data import Data

from data_gen.distribution import MAX_TRIES, Distribution, GenerationError
from data_gen.seeding import content_hash, instance_generator
from data_gen.split import Keyed, keep_all, split_of
from data_gen.task import Task


class SizeError(ValueError):
    """The requested size is not possible, or a distribution drew a structure of another size."""


class StructureError(ValueError):
    """The distribution draws structures of a kind that the task does not take."""


@dataclass(frozen=True)
class Cell:
    """Instances of one task, distribution and set of sizes, each a function of its index.

    Structures that are drawn as a group become consecutive instances. If the distribution is a
    list of given structures, a test set of one size holds every structure of the list once. A
    structure that can be drawn twice occurs in the cells of one split only: see `split`.

    Raises:
        SizeError: `sizes` is empty, or a size is not a whole number or below the smallest.
        StructureError: the distribution draws structures that the task does not take.
        GenerationError: the list of the distribution has no structure of a size.
    """

    task: Task[Any]
    distribution: Distribution[Any]
    sizes: tuple[int, ...]  # the size of an instance is drawn uniformly from these
    split: str  # "train", "val" or "test": the same index gives a different instance in each
    data_seed: int = 0

    def __post_init__(self) -> None:
        if not self.sizes:
            raise SizeError("sizes must be a list of at least one size, got []")
        if self.distribution.structure is not self.task.structure:
            raise StructureError(
                f"distribution must draw a {self.task.structure.__name__} for {self.task!r},"
                f" got {self.distribution!r}, which draws a {self.distribution.structure.__name__}"
            )
        for size in self.sizes:
            if isinstance(size, bool) or not isinstance(size, int):
                raise SizeError(f"size must be a whole number, got {size!r}")
            if size < self.distribution.min_size:
                raise SizeError(
                    f"size must be at least {self.distribution.min_size} {self.task.size_unit}"
                    f" for {self.distribution!r}, got {size}"
                )
            self.distribution.names(size)  # raises GenerationError if a list has none of this size

    @property
    def identity(self) -> str:
        """The text that names everything the instances depend on, except the data seed."""
        sizes = ",".join(map(str, self.sizes))
        # Cells without repeated structures keep the identity, and so the files, they always had.
        apart = " | kept apart v1" if any(map(self._repeats, self.sizes)) else ""
        parts = (self.task.identity, self.distribution.identity, f"sizes {sizes}", self.split)
        return " | ".join(parts) + apart

    def file_stem(self, num_instances: int) -> str:
        """Return the file name, without its ending, of the first `num_instances` instances."""
        return content_hash(f"{self.identity} | data_seed {self.data_seed} | {num_instances}")

    @property
    def group_size(self) -> int:
        """The number of consecutive instances that form a group."""
        return self.task.group_size(self.distribution)

    @property
    def names(self) -> list[str] | None:
        """The name of each instance if this cell is a whole list of structures, else None."""
        is_list = self.split == "test" and len(self.sizes) == 1
        return self.distribution.names(self.sizes[0]) if is_list else None

    def count(self, num_instances: int) -> int:
        """Return the number of instances for a requested number; a list always gives all."""
        return num_instances if self.names is None else len(self.names)

    def instances(self, start: int, stop: int) -> list[Data]:
        """Return instances start ... stop - 1.

        Raises:
            SizeError: the distribution drew a structure of another size.
            GenerationError: the task has no instance on the structures that are drawn.
        """
        structures, rngs, skip = self._drawn(start, stop)
        return self.task.sample_many(structures, rngs)[skip : skip + stop - start]

    def structures(self, start: int, stop: int) -> list[Any]:
        """Return the structures of instances start ... stop - 1; raises as `instances` does."""
        structures, _, skip = self._drawn(start, stop)
        return structures[skip : skip + stop - start]

    def _drawn(self, start: int, stop: int) -> tuple[list[Any], list[np.random.Generator], int]:
        """Draw whole groups.

        Returns:
            The structures, the generator of each, and the number of structures before `start`.
        """
        width, names = self.group_size, self.names
        first, last = start // width, -(-stop // width)
        structures, rngs = [], []
        for index in range(first, last):
            rng = instance_generator(self.data_seed, self.identity, index)
            structures += self._draw(rng) if names is None else self._listed(index, names[index])
            rngs += [rng] * width
        return structures, rngs, start - first * width

    def _listed(self, index: int, name: str) -> list[Any]:
        """Return the structure at a place of the list, as a group of one."""
        size = self.sizes[0]
        posed = self._posed([self.distribution.structure_at(size, index)], size)
        if not posed:
            raise GenerationError(f"{name}: {self.task!r} has no instance on this structure")
        return posed

    def _posed(self, structures: list[Any], size: int) -> list[Any]:
        """Return the members of a group that become instances; raise SizeError for a wrong size."""
        posed = self.task.posed(structures)
        for structure in posed:
            if structure.size != size:
                raise SizeError(
                    f"{self.distribution!r} must draw structures of size {size},"
                    f" got one of size {structure.size}"
                )
        return posed

    def _draw(self, rng: np.random.Generator) -> list[Any]:
        """Draw a group of structures that become instances of this cell's split."""
        size = int(rng.choice(self.sizes))
        keep = self._is_of_split if self._repeats(size) else keep_all
        for _ in range(MAX_TRIES):
            group = self.distribution.draw_group(size, rng, keep)
            posed = self._posed(group, size)
            if posed and all(map(keep, group)):
                return posed
        raise GenerationError(
            f"{self.distribution!r}: no structure of size {size} for {self.task!r}"
            f"{'' if keep is keep_all else f' in split {self.split}'} after {MAX_TRIES} tries"
        )

    def _repeats(self, size: int) -> bool:
        """Return whether structures of this size can be drawn twice."""
        return size <= self.distribution.repeats_to

    def _is_of_split(self, structure: Keyed) -> bool:
        """Return whether the structure belongs to the split of this cell."""
        return split_of(structure) == self.split
