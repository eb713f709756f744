"""Data sets on disk: made once, whatever number of jobs ask for them, and verified when opened.

A data set is one safetensors file named by the hash of all that its instances depend on. It is
written under a temporary name, flushed to disk and renamed, under a lock.
"""

import hashlib
import json
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
import torch
from filelock import FileLock
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor
from tqdm import tqdm

from data_gen.cell import Cell
from data_gen.distribution import GenerationError
from data_gen.fingerprint import num_distinct
from data_gen.packed import Packed
from data_gen.workers import WorkerPool, bars_are_hidden

BLOCK = 128  # instances a worker makes at a time
WORTH_WORKERS = 500_000  # nodes of shortest paths above which starting worker processes pays
LEAST_DISTINCT = 0.5  # of the instances for validation and test: intervals count each as one
LOG = logging.getLogger(__name__)


class DamagedFileError(ValueError):
    """A data set whose content is not what was written."""


@dataclass(frozen=True)
class DataSet:
    """The first `num_instances` instances of a cell, in a folder."""

    cell: Cell
    num_instances: int
    folder: Path

    def __post_init__(self) -> None:
        if self.num_instances < 1:
            raise ValueError(f"num_instances is {self.num_instances}: at least 1 is needed")

    @property
    def data_hash(self) -> str:
        """Names the instances, in tables and in the file's name."""
        return self.cell.file_stem(self.num_instances)

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / f"{self.data_hash}.safetensors"

    def load(self) -> Packed:
        """The packed data set, made now if it is missing or damaged."""
        packed = self._read()
        if packed is None:
            with _progress(self.num_instances) as progress, WorkerPool(1) as pool:
                self._make(pool, progress)
            packed = _read_verified(self.path)
        return packed

    def _read(self) -> Packed | None:
        """The data set on disk; None, with a warning, if its file is damaged."""
        if not self.path.exists():
            return None
        try:
            return _read_verified(self.path)
        except DamagedFileError as error:
            LOG.warning("%s: made again", error)
            return None

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One process at a time; a killed one leaves nothing locked."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder / f"{self.data_hash}.lock"):
            yield

    def _make(self, pool: WorkerPool, progress: "tqdm[NoReturn]") -> None:
        """Make the file unless it is there and sound; others who ask for it wait."""
        with self._locked():
            if self._read() is not None:
                progress.update(self.num_instances)
                return
            starts = range(0, self.num_instances, BLOCK)
            blocks = [(s, min(s + BLOCK, self.num_instances)) for s in starts]
            parts = []
            for arrays in pool.map(pack_block, [(self.cell, *block) for block in blocks]):
                part = {name: torch.from_numpy(array) for name, array in arrays.items()}
                parts.append(Packed.from_tensors(part))
                progress.update(len(parts[-1]))
            packed = Packed.concatenate(parts)
            self._check_distinct(packed)
            _write(self.path, packed, self._description())

    def _check_distinct(self, packed: Packed) -> None:
        """Raise GenerationError if a score over the instances would be one over few of them.

        Training may repeat itself, and a list may name a formula twice.
        """
        if self.cell.split == "train" or self.cell.names is not None:
            return
        found = num_distinct(packed)
        if found < LEAST_DISTINCT * len(packed):
            sizes = ", ".join(map(str, self.cell.sizes))
            raise GenerationError(
                f"{self.cell.distribution!r}: only {found} distinct of {len(packed)} of size"
                f" {sizes} in {self.cell.split}, {LEAST_DISTINCT:.0%} are needed: ask for larger"
                " sizes or fewer instances"
            )

    def _description(self) -> dict[str, object]:
        return {
            "cell": self.cell.identity,
            "data_seed": self.cell.data_seed,
            "num_instances": self.num_instances,
        }


def make(data_sets: Sequence[DataSet], num_workers: int) -> None:
    """Make all that are missing, in up to `num_workers` processes, with one progress bar."""
    missing = [data_set for data_set in data_sets if not data_set.path.exists()]
    if not missing:
        return
    cost = sum(
        d.num_instances * sum(d.cell.sizes) / len(d.cell.sizes) * d.cell.task.cost for d in missing
    )
    total = sum(data_set.num_instances for data_set in missing)
    with (
        _progress(total) as progress,
        WorkerPool(num_workers if cost > WORTH_WORKERS else 1) as pool,
    ):
        for data_set in missing:
            data_set._make(pool, progress)


def _progress(total: int) -> "tqdm[NoReturn]":
    hidden = bars_are_hidden()
    return tqdm(total=total, desc="generating", unit=" instances", disable=hidden, leave=False)


def pack_block(cell: Cell, start: int, stop: int) -> dict[str, np.ndarray]:
    """Instances start ... stop - 1 of a cell, packed: what a worker does, in arrays it can send."""
    packed = Packed.pack(cell.instances(start, stop))
    return {name: value.numpy() for name, value in packed.tensors().items()}


def _checksum(tensors: dict[str, Tensor]) -> str:
    """SHA-256 over the names and bytes of all tensors."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(name.encode())
        digest.update(tensors[name].numpy(force=True).data)
    return digest.hexdigest()


def _write(path: Path, packed: Packed, description: dict[str, object]) -> None:
    """Write to a temporary name, flush to disk, rename; remove what killed writers left."""
    tensors = {name: value.contiguous() for name, value in packed.tensors().items()}
    for leftover in path.parent.glob(f"{path.stem}.tmp*"):
        leftover.unlink()
    temporary = path.with_suffix(f".tmp{os.getpid()}")
    # One entry of metadata: safetensors writes several in an order that changes.
    header = json.dumps({**description, "checksum": _checksum(tensors)})
    save_file(tensors, temporary, metadata={"data_set": header})
    with temporary.open("rb+") as file:
        os.fsync(file.fileno())
    temporary.replace(path)


def _read_verified(path: Path) -> Packed:
    """Open a data set; raises DamagedFileError in one line, whatever is wrong with the file."""
    try:
        with safe_open(path, framework="pt") as file:
            header = json.loads((file.metadata() or {}).get("data_set", "{}"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise DamagedFileError(f"data set {path} cannot be read ({error})") from error
    if _checksum(tensors) != header.get("checksum"):
        raise DamagedFileError(f"data set {path} does not have the checksum it was written with")
    return Packed.from_tensors(tensors)
