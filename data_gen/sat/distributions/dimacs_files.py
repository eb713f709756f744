"""Formulas from the user's files."""

import hashlib
import logging
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np
from tqdm import tqdm

from data_gen.distribution import Distribution, GenerationError
from data_gen.patterns import matching
from data_gen.sat import dimacs
from data_gen.sat.cnf import Cnf, Problem
from data_gen.sat.solver import UndecidedError, Verdict, solve
from data_gen.workers import bars_are_hidden

LOG = logging.getLogger(__name__)


class BadFileError(ValueError):
    """A file that cannot be used; one line with its path."""


class _File(NamedTuple):
    path: Path
    digest: str  # the hash of its formula
    size: int  # the number of its variables
    verdict: Verdict | None  # None: not decided yet


@dataclass(frozen=True)
class DimacsFiles(Distribution[Problem]):
    """The DIMACS files that match a pattern; the size is the header's number of variables.

    A draw is one of the files of a size, each with the same probability; a test set holds each of
    them once, in the order of their names. All files are read and checked when the first of them
    is needed. The answer of a formula is proved when it is drawn, in up to `max_conflicts`
    conflicts.

    With `skip_bad`, files that cannot be read, that the solver does not decide, or whose answer is
    not `is_sat` are left out, and the log has a line on each. All answers are then proved when the
    files are read.

    Raises:
        ValueError: `files` is empty, or `max_conflicts` below 1.
    """

    files: str
    max_conflicts: int = 1_000_000
    skip_bad: bool = False
    is_sat: bool | None = None  # None: both answers

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
            GenerationError: the file has changed, the solver does not decide the formula, or its
                answer is not `is_sat`.
        """
        path, digest, _, verdict = self._files[size][index]
        try:
            formula = _read(path)
            if _digest(formula) != digest:
                raise GenerationError(f"{path}: the file has changed since it was first read")
            verdict = verdict or self.decided(path, formula)
        except BadFileError as error:
            raise GenerationError(f"{error}; skip_bad=true leaves such files out") from error
        return Problem(formula, verdict.model, size)

    def draw(self, size: int, rng: np.random.Generator) -> Problem:
        """Draw one of the files of a size, each with the same probability."""
        return self.structure_at(size, int(rng.integers(len(self.names(size)))))

    def decided(self, path: Path, formula: Cnf) -> Verdict:
        """Return the proved answer of a file's formula.

        Raises:
            BadFileError: the solver does not decide the formula, or the answer is not `is_sat`.
        """
        try:
            verdict = solve(formula, self.max_conflicts)
        except UndecidedError as error:
            raise BadFileError(f"{path}: {error}, use a larger max_conflicts") from error
        if self.is_sat is not None and self.is_sat != (verdict.model is not None):
            needed = f"{'' if self.is_sat else 'un'}satisfiable"
            raise BadFileError(f"{path}: the formula is not {needed}, as the task needs it")
        return verdict

    @cached_property
    def _files(self) -> dict[int, list[_File]]:
        """The files of each size, in the order of their names."""
        paths = [path for path in matching(self.files) if path.is_file()]
        if not paths:
            raise GenerationError(f"files must match a file, got {self.files!r}")
        found, bad = _inspected(self, tuple((path, *_stamp(path)) for path in paths))
        if bad and not self.skip_bad:
            count = f"{len(bad)} of {len(paths)} files are bad, the first: " if bad[1:] else ""
            raise GenerationError(f"{count}{bad[0]}; skip_bad=true leaves such files out")
        if not found:
            raise GenerationError(f"files must match a good file, got {self.files!r}: {bad[0]}")
        files: dict[int, list[_File]] = {}
        for file in found:
            files.setdefault(file.size, []).append(file)
        return files


@lru_cache(maxsize=4)
def _inspected(
    law: DimacsFiles, stamps: tuple[tuple[Path, int, int, int], ...]
) -> tuple[list[_File], list[str]]:
    """Read files; return the good ones, and for each bad one a line, which is also logged.

    Files are read and told once in a process, as long as they do not change.

    Args:
        law: the law that the files are for.
        stamps: the path of each file, with its `_stamp`.
    """
    found, bad = [], []
    paths = [path for path, *_ in stamps]
    for path in tqdm(paths, "reading", unit=" files", disable=bars_are_hidden(), leave=False):
        try:
            formula = _read(path)
            if formula.num_variables == 0:
                raise BadFileError(f"{path}: the formula has no variables")
            verdict = law.decided(path, formula) if law.skip_bad else None
            found.append(_File(path, _digest(formula), formula.num_variables, verdict))
        except BadFileError as error:
            bad.append(str(error))
    if law.skip_bad or len(bad) > 1:
        for line in bad:
            LOG.warning("%s", line)
    if bad and law.skip_bad:
        LOG.warning("%d of %d files are bad and left out", len(bad), len(paths))
    return found, bad


def _stamp(path: Path) -> tuple[int, int, int]:
    """Return what changes when a file is written again."""
    status = path.stat()
    return status.st_mtime_ns, status.st_size, status.st_ino


def _read(path: Path) -> Cnf:
    """Read a formula; raise BadFileError if that fails."""
    try:
        return dimacs.read(path)
    except dimacs.DimacsError as error:
        raise BadFileError(str(error)) from error
    except OSError as error:
        raise BadFileError(f"{path}: {error.strerror}") from error
    except MemoryError as error:
        raise BadFileError(f"{path}: the memory is not enough to read the formula") from error


def _digest(formula: Cnf) -> str:
    digest = hashlib.sha256(str(formula.num_variables).encode())
    for array in (formula.pointers, formula.literals):
        digest.update(b"|" + array.tobytes())
    return digest.hexdigest()
