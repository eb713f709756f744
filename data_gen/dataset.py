"""Data sets on disk: generated once, however many jobs need them, and verified when opened.

A data set is one safetensors file, named by a hash of everything its instances depend on. The file
is written atomically, under a lock.
"""

import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
import torch
from filelock import FileLock
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor
from tqdm import tqdm

from data_gen.cell import Cell
from data_gen.distribution import GenerationError
from data_gen.files import write_atomically
from data_gen.fingerprint import num_distinct
from data_gen.packed import Packed
from data_gen.temporary import sweep
from data_gen.workers import WorkerPool, bars_are_hidden

BLOCK = 128  # instances that a worker generates at a time
WORTH_WORKERS = 500_000  # cost, in nodes of shortest_path, above which worker processes pay off
# The least share of distinct instances in validation and test sets: confidence intervals take each
# instance for an independent sample.
LEAST_DISTINCT = 0.5
LOG = logging.getLogger(__name__)


class DamagedFileError(ValueError):
    """The content of a data set's file is not what was written."""


@dataclass(frozen=True)
class DataSet:
    """The first `num_instances` instances of a cell, stored as a file in a folder.

    Raises:
        ValueError: `num_instances` is below 1.
    """

    cell: Cell
    num_instances: int
    folder: Path

    def __post_init__(self) -> None:
        if self.num_instances < 1:
            raise ValueError(f"num_instances must be at least 1, got {self.num_instances}")

    @property
    def data_hash(self) -> str:
        """The hash that names the instances in tables and in the file name."""
        return self.cell.file_stem(self.num_instances)

    @property
    def path(self) -> Path:
        """The path of the file."""
        return self.folder / f"{self.data_hash}.safetensors"

    def load(self) -> Packed:
        """Return the packed data set; generate it first if its file is missing or damaged."""
        packed = self._read()
        if packed is None:
            with _progress(self.num_instances) as progress, WorkerPool(1) as pool:
                self._make(pool, progress)
            packed = self._read_verified()
        return packed

    def _read(self) -> Packed | None:
        """Return the data set on disk; None if its file is missing or, with a warning, damaged."""
        if not self.path.exists():
            return None
        try:
            return self._read_verified()
        except DamagedFileError as error:
            LOG.warning("%s; generating it again", error)
            return None

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Let one process at a time in; a process that is killed releases the lock."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder / f"{self.data_hash}.lock"):
            yield

    def _make(self, pool: WorkerPool, progress: "tqdm[NoReturn]") -> None:
        """Write the file unless an intact one exists; other processes that need it wait."""
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
            self._write(packed)

    def _check_distinct(self, packed: Packed) -> None:
        """Raise GenerationError if too few of the instances are distinct for a score to mean much.

        Training sets may repeat instances, and a list may name a formula twice.
        """
        if self.cell.split == "train" or self.cell.names is not None:
            return
        found = num_distinct(packed)
        if found < LEAST_DISTINCT * len(packed):
            sizes = ", ".join(map(str, self.cell.sizes))
            raise GenerationError(
                f"{self.cell.distribution!r}: only {found} distinct of {len(packed)} instances of"
                f" size {sizes} in split {self.cell.split}, at least {LEAST_DISTINCT:.0%} must be:"
                " use larger sizes or fewer instances"
            )

    def _description(self) -> dict[str, object]:
        return {
            "cell": self.cell.identity,
            "data_seed": self.cell.data_seed,
            "num_instances": self.num_instances,
        }

    def _write(self, packed: Packed) -> None:
        """Write the file."""
        tensors = {name: value.contiguous() for name, value in packed.tensors().items()}
        # A single entry of metadata, because safetensors writes several in no fixed order.
        about = self._description()
        metadata = {"data_set": json.dumps({**about, "sha256": _checksum(tensors, about)})}
        write_atomically(
            self.path, lambda temporary: save_file(tensors, temporary, metadata=metadata)
        )

    def _read_verified(self) -> Packed:
        """Read the file, and verify that it holds this data set as it was written.

        Raises:
            PermissionError: this user may not read the file.
            DamagedFileError: its content is not what was written, or another data set.
        """
        path, about = self.path, self._description()
        try:
            path.open("rb").close()  # safetensors calls a file that may not be read missing
            with safe_open(path, framework="pt") as file:
                found = json.loads((file.metadata() or {}).get("data_set", "{}"))
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            checksum = found.pop("sha256", None)
            is_intact = checksum == _checksum(tensors, found)
        except PermissionError:
            raise
        except Exception as error:  # the file may hold anything
            raise DamagedFileError(f"{path}: the data set cannot be read ({error})") from error
        if not is_intact:
            raise DamagedFileError(f"{path}: the data set has another checksum than when written")
        if found != about:
            raise DamagedFileError(f"{path}: the file holds another data set")
        return Packed.from_tensors(tensors)


def make(data_sets: Sequence[DataSet], num_workers: int) -> None:
    """Generate the missing data sets, in up to `num_workers` processes, with one progress bar.

    Raises:
        GenerationError: a distribution cannot draw what a data set needs.
        LostWorkerError: a worker process was killed.
    """
    for folder in {data_set.folder for data_set in data_sets if data_set.folder.is_dir()}:
        sweep(folder)  # a writer may have been killed when its file was there
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
    """Generate and pack instances start ... stop - 1 of a cell, as arrays a worker can send."""
    packed = Packed.pack(cell.instances(start, stop))
    return {name: value.numpy() for name, value in packed.tensors().items()}


def _checksum(tensors: dict[str, Tensor], about: dict[str, object]) -> str:
    """Return the SHA-256 over a description and the names, kinds, shapes and bytes of tensors."""
    digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.numpy(force=True).data)
    return digest.hexdigest()
