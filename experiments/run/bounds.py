"""Refuse, before any work, data sets that the memory or the disk of this machine cannot hold."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from data_gen.cell import Cell
from data_gen.dataset import DataSet
from data_gen.footprint import Footprint, Growth, growth
from experiments.processes.duration import DAY, in_words
from experiments.processes.room import free_disk, free_memory, in_bytes
from experiments.run.machine import num_workers_of
from experiments.run.parts import RunParts
from experiments.settings.errors import UserError
from experiments.settings.run_settings import Machine

LOG = logging.getLogger(__name__)
# Data sets with fewer pairs of nodes than this in all, and sizes up to this, are not estimated:
# with at most about 500 bytes for each pair they take a few GB in the worst case.
SMALL_PAIRS = 5_000_000
SMALL_SIZE = 1000
# Refused is only what needs more than this times what there is. An estimate may be too high where
# instances of one size differ much: the worst that was seen is 3.8 times what an instance of twice
# the largest measured size took (colouring problems of graphs).
MARGIN = 5
COPIES = 2  # of a data set, in memory while it is made: its blocks, and all of it
LARGEST = 10**18  # a number of instances or files is taken to be at most this
BLOCK = 4096  # bytes that a file takes at least
LONG = 600  # seconds of generation from which on they are told beforehand
YEAR = 365 * DAY


class Keys(NamedTuple):
    """The settings that a data set follows from."""

    sizes: str
    number: str
    less: int = 0  # the number of instances less the value of `number`


KEYS = {
    "train": Keys("train.sizes", "train.num_instances"),
    "val": Keys("train.sizes", "val.num_instances"),
    "test": Keys("transfer.sizes", "transfer.num_instances"),
}
STREAMED = {**KEYS, "train": Keys("train.sizes", "train.batch_size")}


class _Estimate(NamedTuple):
    """A missing data set, and what its instances take."""

    data_set: DataSet
    mean: Footprint  # of an instance
    peak: float  # bytes of the largest instance

    @property
    def stored(self) -> float:
        """The bytes of the data set."""
        return self.mean.stored * min(self.data_set.num_instances, LARGEST)


def check_run(study: RunParts) -> None:
    """Raise UserError if this machine cannot hold a data set of a run, with its test cells."""
    check_training(study)
    check_fits([cell.data_set for cell in study.test_cells], study.settings.machine)


def check_training(study: RunParts) -> None:
    """Raise UserError if this machine cannot hold what the training of a run reads."""
    settings = study.settings
    check_fits(study.training_sets, settings.machine)
    if settings.data.stream:
        cell = study.train_set.cell
        batch = DataSet(cell, max(settings.train.batch_size, cell.group_size), study.folder)
        check_fits([batch], settings.machine, STREAMED, on_disk=False)


def check_fits(
    data_sets: Sequence[DataSet],
    machine: Machine,
    keys: Mapping[str, Keys] = KEYS,
    *,
    on_disk: bool = True,
) -> None:
    """Raise UserError if the missing data sets cannot be made on this machine.

    Log how long they take if that is long.

    Args:
        data_sets: the data sets of a command; those on disk are left out.
        machine: the settings of the machine.
        keys: the settings to name, by the split of a data set.
        on_disk: whether the data sets are written, not only drawn.
    """
    estimated = (d for d in data_sets if _is_estimated(d, on_disk=on_disk))
    missing = list({data_set.data_hash: data_set for data_set in estimated}.values())
    if _are_small(missing):
        return
    found = list(_estimates(missing))
    memory, told = _bound(machine.max_memory_gb, free_memory())
    words = "the memory", f"{told}; machine.max_memory_gb raises the bound"
    for each in found:
        _check_memory(each, memory, words, keys[each.data_set.cell.split])
    if on_disk:
        _check_disk(found, machine, keys)
    _tell_time(found, num_workers_of(machine))


def check_written(cells: Sequence[Cell], count: int, folder: Path, machine: Machine) -> None:
    """Raise UserError for structures, or a number of files of them, that this machine cannot hold.

    Args:
        cells: the cells of the structures.
        count: the number of files of each cell; each takes a block of the disk at least.
        folder: where the files are written.
        machine: the settings of the machine.
    """
    drawn = [DataSet(cell, 1, folder) for cell in cells]
    check_fits(drawn, machine, {"test": Keys("sizes", "num_instances")}, on_disk=False)
    disk, told = _bound(machine.max_disk_gb, free_disk(folder))
    needed = sum(BLOCK * min(cell.count(count), LARGEST) for cell in cells)
    if needed > disk:
        raise UserError(
            f"num_instances must be a number of files that fit the disk (about {in_bytes(needed)}"
            f" needed, {told}; machine.max_disk_gb raises the bound), got {count}"
        )


def _is_estimated(data_set: DataSet, *, on_disk: bool) -> bool:
    """Return whether a data set must be made of instances that are drawn."""
    is_there = on_disk and data_set.path.exists()
    return not is_there and not data_set.cell.distribution.is_list


def _are_small(data_sets: Iterable[DataSet]) -> bool:
    """Return whether data sets are so small that no machine has a problem with them."""
    pairs = 0
    for data_set in data_sets:
        sizes = data_set.cell.sizes
        if max(sizes) > SMALL_SIZE:
            return False
        pairs += data_set.num_instances * sum(size * size for size in sizes) // len(sizes)
    return pairs <= SMALL_PAIRS


def _estimates(data_sets: Sequence[DataSet]) -> Iterable[_Estimate]:
    """Yield an estimate for each data set of which instances can be drawn."""
    cells = [(_law(data_set), data_set.cell) for data_set in data_sets]
    largest: dict[str, int] = {}
    for law, cell in cells:
        largest[law] = max(largest.get(law, 0), *cell.sizes)
    grown: dict[str, Growth | None] = {}
    for data_set, (law, cell) in zip(data_sets, cells, strict=True):
        if law not in grown:
            grown[law] = growth(cell.task, cell.distribution, largest[law])
        known = grown[law]
        if known is not None:
            last = known.at(max(cell.sizes))
            yield _Estimate(data_set, known.over(cell.sizes), max(last.peak, last.stored))


def _law(data_set: DataSet) -> str:
    """Return the name of what is drawn, whatever its size."""
    cell = data_set.cell
    return f"{cell.task.identity} | {cell.distribution.identity}"


def _bound(allowed: float | None, free: float) -> tuple[float, str]:
    """Return the bound in bytes, and the words that tell it."""
    if allowed is None:
        return free, f"{in_bytes(free)} free"
    return 1e9 * allowed, f"{in_bytes(1e9 * allowed)} allowed"


def _check_memory(found: _Estimate, bound: float, words: tuple[str, str], keys: Keys) -> None:
    """Raise UserError if an instance or a whole data set does not fit the memory."""
    place, told = words
    if found.peak > MARGIN * bound:
        needed = in_bytes(found.peak)
        raise UserError(
            f"{keys.sizes} must be sizes of which an instance fits {place} (about {needed} needed,"
            f" {told}), got {list(found.data_set.cell.sizes)}"
        )
    if COPIES * found.stored > MARGIN * bound:
        raise _too_many(
            found, place, f"about {in_bytes(COPIES * found.stored)} needed, {told}", keys
        )


def _check_disk(found: Sequence[_Estimate], machine: Machine, keys: Mapping[str, Keys]) -> None:
    """Raise UserError, for the largest data set, if all together do not fit the disk."""
    if not found:
        return
    bound, told = _bound(machine.max_disk_gb, free_disk(Path(machine.data_dir)))
    needed = sum(each.stored for each in found)
    if needed > MARGIN * bound:
        largest = max(found, key=lambda each: each.stored)
        text = f"about {in_bytes(needed)} needed, {told} in machine.data_dir"
        raised = f"{text}; machine.max_disk_gb raises the bound"
        raise _too_many(largest, "the disk", raised, keys[largest.data_set.cell.split])


def _too_many(found: _Estimate, place: str, told: str, keys: Keys) -> UserError:
    count = found.data_set.num_instances - keys.less
    sizes = list(found.data_set.cell.sizes)
    return UserError(
        f"{keys.number} must be a number of instances that fit {place} ({told}), got {count} of"
        f" sizes {sizes}"
    )


def _tell_time(found: Sequence[_Estimate], num_workers: int) -> None:
    """Log how long the data sets take, if that is long."""
    seconds = sum(e.mean.seconds * min(e.data_set.num_instances, LARGEST) for e in found)
    seconds /= num_workers
    if seconds > LONG:
        words = in_words(seconds) if seconds < YEAR else "more than a year"
        stored = in_bytes(sum(each.stored for each in found))
        LOG.info("generating the instances takes about %s and %s of disk", words, stored)
