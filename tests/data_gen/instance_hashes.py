"""Summaries of ten instances of every generator: a change of meaning must raise a version.

python -m tests.data_gen.instance_hashes    # adds new generators and removes those that are gone

A generator is a task with a distribution, or with a law of edge weights on the distribution that
the task is trained on. Its name is the identity of both, which contains their versions. The command
never changes the line of a name that stays: raise `generator_version` of what has changed.

Whole numbers, truth values, shapes and the places of infinities are compared by their hash. Other
numbers may differ in their last bits on another processor, and a motion amplifies this. They are
compared by a weighted sum of each field, up to `TOLERANCE` of the sum of sizes.
"""

import csv
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import torch
from omegaconf import OmegaConf
from torch import Tensor

from data_gen.bodies.body_task import BodyTask
from data_gen.cell import Cell
from data_gen.distribution import Distribution, GenerationError
from data_gen.graphs.graph import Graph
from data_gen.graphs.weighted import Reweighted
from data_gen.packed import Packed
from data_gen.task import Task
from experiments.settings.construct import construct
from tests.conftest import ROOT, stems, the_study

FILE = Path(__file__).with_suffix(".csv")
COMMAND = "python -m tests.data_gen.instance_hashes"
COUNT = 10
SMALLEST, NUM_SIZES, MOST_TRIED = 6, 3, 6  # the three smallest sizes from 6 on that have instances
TOLERANCE = 1e-6
GOLDEN = 0.6180339887498949  # its multiples modulo 1 are spread evenly, so no two weights are equal


class Generator(NamedTuple):
    """A task and a law, with the names of their yaml files."""

    label: str
    task: Task
    law: Distribution

    @property
    def name(self) -> str:
        """The identity of the instances, but for their sizes."""
        return f"{self.task.identity} | {self.law.identity}"


class Line(NamedTuple):
    """A line of the file: the sizes that were drawn, and what came of it."""

    sizes: str  # separated by blanks; "": the task has no instance of this law
    exact: str
    sums: str  # field=sum, separated by blanks


def of_yaml(group: str, stem: str) -> Any:
    """Build what a yaml of a group describes under its own name."""
    return construct(OmegaConf.load(ROOT / "conf" / group / f"{stem}.yaml")[stem], stem)


def generators() -> dict[str, Generator]:
    """Return the generators of all yaml files by name; tasks of equal instances are one."""
    found = {}
    for one in _pairs():
        found.setdefault(one.name, one)
    return found


def _pairs() -> Iterator[Generator]:
    laws = {stem: of_yaml("distribution", stem) for stem in stems("distribution")}
    weights = {stem: of_yaml("edge_weights", stem) for stem in stems("edge_weights")}
    for stem in stems("task"):
        parts = the_study(f"task={stem}")
        for name, law in laws.items():
            if law.structure is parts.task.structure and not law.is_list:
                yield Generator(f"{stem}-{name}", _of_dim(parts.task, law), law)
        if parts.task.structure is Graph:
            home = parts.home_distribution
            base = home.distribution if isinstance(home, Reweighted) else home
            for name, change in weights.items():
                yield Generator(f"{stem}-{name}", parts.task, change.applied_to(base))


def _of_dim(task: Task, law: Distribution) -> Task:
    """Return a task on bodies with the number of coordinates of the law, another as it is."""
    if not isinstance(task, BodyTask):
        return task
    return replace(task, dim=getattr(law, "dim", 2))


def first_line(one: Generator) -> Line:
    """Return the line of a new generator, at the smallest sizes from `SMALLEST` on that it has.

    A size counts that has an instance; if all sizes together lack one, the smallest is dropped.
    """
    found = []
    first = max(SMALLEST, one.law.min_size)
    for size in range(first, first + MOST_TRIED):
        with suppress(GenerationError):
            Cell(one.task, one.law, (size,), "test").instances(0, 1)
            found.append(size)
        if len(found) == NUM_SIZES:
            break
    for start in range(len(found)):
        with suppress(GenerationError):
            return line_of(one, found[start:])
    return Line("", "", "")


def line_of(one: Generator, sizes: Sequence[int]) -> Line:
    """Return the line of a generator, from its instances of the given sizes."""
    fields = packed_of(one, sizes).fields
    sums = [f"{name}={total:.12g}" for name, (total, _) in sorted(sums_of(fields).items())]
    return Line(" ".join(map(str, sizes)), exact_hash(fields), " ".join(sums))


def packed_of(one: Generator, sizes: Sequence[int]) -> Packed:
    """Draw the ten instances."""
    return Packed.pack(Cell(one.task, one.law, tuple(sizes), "test").instances(0, COUNT))


def exact_hash(fields: Mapping[str, Tensor]) -> str:
    """Return the hash of the names, types and shapes, of whole numbers, and of infinities."""
    digest = sha256()
    for name, value in sorted(fields.items()):
        digest.update(f"{name} {value.dtype} {list(value.shape)}\n".encode())
        if value.is_floating_point():
            value = torch.where(value.isfinite(), 0, value).nan_to_num(1, 2, 3).char()
        digest.update(value.numpy().tobytes())
    return digest.hexdigest()[:16]


def sums_of(fields: Mapping[str, Tensor]) -> dict[str, tuple[float, float]]:
    """Return for each field of numbers with fractions its weighted sum, and that of its sizes."""
    found = {}
    for name, value in fields.items():
        if value.is_floating_point():
            terms = value.double().nan_to_num(0, 0, 0).flatten()
            terms = terms * (1 + (GOLDEN * torch.arange(len(terms)).double()) % 1)
            found[name] = float(terms.sum()), float(terms.abs().sum())
    return found


def differences(one: Generator, line: Line) -> list[str]:
    """Return the names of the fields in which the instances are not those of the line."""
    fields = packed_of(one, [int(size) for size in line.sizes.split()]).fields
    written = dict(pair.split("=") for pair in line.sums.split())
    found = [
        name
        for name, (total, size) in sums_of(fields).items()
        if not abs(total - float(written.get(name, "nan"))) <= TOLERANCE * size
    ]
    return found if exact_hash(fields) == line.exact else [*found, "whole numbers or shapes"]


def read(path: Path = FILE) -> dict[str, Line]:
    """Return the lines of the file by the names of their generators."""
    if not path.exists():
        return {}
    with path.open(newline="") as file:
        return {name: Line(*rest) for name, *rest in list(csv.reader(file))[1:]}


def update(path: Path, now: Mapping[str, Generator]) -> None:
    """Add the lines of new generators and remove those of gone ones; change no other line."""
    lines = {name: line for name, line in read(path).items() if name in now}
    new = [name for name in now if name not in lines]
    for name in new:
        lines[name] = first_line(now[name])
        write(path, lines)
        sys.stdout.write(f"added {now[name].label}\n")
        sys.stdout.flush()
    if not new:
        write(path, lines)


def write(path: Path, lines: Mapping[str, Line]) -> None:
    """Write the file, sorted by name."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["generator", *Line._fields])
        writer.writerows([name, *lines[name]] for name in sorted(lines))


if __name__ == "__main__":
    torch.set_num_threads(1)
    update(FILE, generators())
