"""Formulas from the user's files."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np

from data_gen.distribution import Distribution, GenerationError
from data_gen.patterns import matching
from data_gen.sat import dimacs
from data_gen.sat.cnf import Cnf, Problem
from data_gen.sat.solver import UndecidedError, solve


class _File(NamedTuple):
    path: Path
    digest: str  # the hash of its formula


@dataclass(frozen=True)
class DimacsFiles(Distribution[Problem]):
    """The DIMACS files that match a pattern; the size is the header's number of variables.

    A draw is one of the files of a size, each with the same probability; a test set holds each of
    them once, in the order of their names. All files are read and checked when the first of them
    is needed. The answer of a formula is proved when it is drawn, in up to `max_conflicts`
    conflicts.

    Raises:
        ValueError: `files` is empty, or `max_conflicts` below 1.
    """

    files: str
    max_conflicts: int = 1_000_000

    is_list: ClassVar[bool] = True
    min_size: ClassVar[int] = 1

    def __post_init__(self) -> None:
        if not self.files.strip() or "\0" in self.files:
            raise ValueError(f"files must be a path or a pattern of paths, got {self.files!r}")
        if self.max_conflicts < 1:
            raise ValueError(f"max_conflicts must be at least 1, got {self.max_conflicts!r}")

    @property
    def identity(self) -> str:
        """The identity of the formulas, in order; their paths do not matter."""
        found = ",".join(file.digest for size in self.sizes for file in self._files[size])
        digest = hashlib.sha256(found.encode()).hexdigest()
        return f"{type(self).__name__}({digest}) v{self.generator_version}"

    @property
    def sizes(self) -> list[int]:
        """All sizes of the files."""
        return sorted(self._files)

    def names(self, size: int) -> list[str]:
        """Return the paths of the files of a size; raise GenerationError if there are none."""
        if size not in self._files:
            raise GenerationError(
                f"size must be one of {self.sizes} (variables of files {self.files!r}), got {size}"
            )
        return [str(file.path) for file in self._files[size]]

    def structure_at(self, size: int, index: int) -> Problem:
        """Return the formula of a file with its proved answer.

        Raises:
            GenerationError: the file has changed, or the solver does not decide the formula.
        """
        path, digest = self._files[size][index]
        formula = _read(path)
        if _digest(formula) != digest:
            raise GenerationError(f"{path}: the file has changed since it was first read")
        try:
            return Problem(formula, solve(formula, self.max_conflicts).model, size)
        except UndecidedError as error:
            raise GenerationError(f"{path}: {error}, use a larger max_conflicts") from error

    def draw(self, size: int, rng: np.random.Generator) -> Problem:
        """Draw one of the files of a size, each with the same probability."""
        return self.structure_at(size, int(rng.integers(len(self.names(size)))))

    @cached_property
    def _files(self) -> dict[int, list[_File]]:
        """The files of each size, in the order of their names."""
        paths = [path for path in matching(self.files) if path.is_file()]
        if not paths:
            raise GenerationError(f"files must match a file, got {self.files!r}")
        files: dict[int, list[_File]] = {}
        for path in paths:
            formula = _read(path)
            if formula.num_variables == 0:
                raise GenerationError(f"{path}: the formula has no variables")
            files.setdefault(formula.num_variables, []).append(_File(path, _digest(formula)))
        return files


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
