"""Formulas from files of the user's."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np

from data_gen.distribution import Distribution, GenerationError
from data_gen.sat import dimacs
from data_gen.sat.cnf import Cnf, Problem
from data_gen.sat.solver import UndecidedError, solve


class _File(NamedTuple):
    path: Path
    digest: str  # of its formula


@dataclass(frozen=True)
class DimacsFiles(Distribution[Problem]):
    """The DIMACS files that match a pattern; the size is the header's number of variables.

    A draw is one of the files of a size, each with the same probability; a test set has each of
    them once, in the order of their names. All are read, and so checked, when the first is asked
    for; the answer is proved when a formula is made, in up to `max_conflicts` conflicts.
    """

    files: str
    max_conflicts: int = 1_000_000

    is_list: ClassVar[bool] = True
    min_size: ClassVar[int] = 1

    def __post_init__(self) -> None:
        if not self.files.strip() or "\0" in self.files:
            raise ValueError(f"files is {self.files!r}: a path or a pattern of paths is needed")
        if self.max_conflicts < 1:
            raise ValueError(f"max_conflicts is {self.max_conflicts}: at least 1 is needed")

    @property
    def identity(self) -> str:
        """Of the formulas, in order; where they lie, and under which names, does not matter."""
        found = ",".join(file.digest for size in self.sizes for file in self._files[size])
        digest = hashlib.sha256(found.encode()).hexdigest()
        return f"{type(self).__name__}({digest}) v{self.generator_version}"

    @property
    def sizes(self) -> list[int]:
        """All that there are files of."""
        return sorted(self._files)

    def names(self, size: int) -> list[str]:
        """The paths of the files of a size; raises GenerationError if there are none."""
        if size not in self._files:
            raise GenerationError(
                f"files is {self.files!r}: none has {size} variables, there are {self.sizes}"
            )
        return [str(file.path) for file in self._files[size]]

    def structure_at(self, size: int, index: int) -> Problem:
        """The formula of a file; raises GenerationError if the solver does not decide it."""
        path, digest = self._files[size][index]
        formula = _read(path)
        if _digest(formula) != digest:
            raise GenerationError(f"{path}: has changed since it was first read, start again")
        try:
            return Problem(formula, solve(formula, self.max_conflicts).model, size)
        except UndecidedError as error:
            raise GenerationError(f"{path}: {error}, raise max_conflicts") from error

    def draw(self, size: int, rng: np.random.Generator) -> Problem:
        """One of the files of that size, each with the same probability."""
        return self.structure_at(size, int(rng.integers(len(self.names(size)))))

    @cached_property
    def _files(self) -> dict[int, list[_File]]:
        """The files of each size, in the order of their names."""
        paths = sorted(path for path in _matches(self.files) if path.is_file())
        if not paths:
            raise GenerationError(f"files is {self.files!r}: no file matches")
        files: dict[int, list[_File]] = {}
        for path in paths:
            formula = _read(path)
            if formula.num_variables == 0:
                raise GenerationError(f"{path}: found no variables, at least 1 is needed")
            files.setdefault(formula.num_variables, []).append(_File(path, _digest(formula)))
        return files


def _matches(pattern: str) -> list[Path]:
    """The file of that name, or what a pattern matches."""
    if Path(pattern).exists():  # its name may have a [
        return [Path(pattern)]
    anchor = Path(Path(pattern).anchor)
    try:
        return list(anchor.glob(str(Path(pattern).relative_to(anchor))))
    except ValueError as error:
        raise GenerationError(f"files is {pattern!r}: {error}") from error


def _read(path: Path) -> Cnf:
    try:
        return dimacs.read(path)
    except dimacs.DimacsError as error:
        raise GenerationError(str(error)) from error


def _digest(formula: Cnf) -> str:
    digest = hashlib.sha256(str(formula.num_variables).encode())
    for array in (formula.pointers, formula.literals):
        digest.update(b"|" + array.tobytes())
    return digest.hexdigest()
