"""Formulas in files: the DIMACS format of SAT solvers, read strictly and written."""

import gzip
import io
import os
import re
import zlib
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import numpy as np

from data_gen.sat.cnf import Cnf

COMMENT = re.compile(rb"\n[ \t]*c[^\n]*")
END = re.compile(rb"\n[ \t]*%")
HEADER = re.compile(rb"p[ \t]+cnf[ \t]+(\d{1,18})[ \t]+(\d{1,18})")
NUMBERS = b"+-0123456789 \t\n\v\f"
NO_NUMBER = re.compile(rb"(?<!\S)(?![+-]?\d+(?!\S))\S+")
MAX_VARIABLES = 10**7  # what a graph of them may need of memory
MAX_BYTES = 2**30  # of a file, when unpacked
SHOWN = 30  # characters of what was found, in an error


class DimacsError(ValueError):
    """A file that is not in the format: one line with path, line, what was found and is allowed."""


def read(path: str | Path) -> Cnf:
    """The formula of a .cnf or .cnf.gz file.

    Comment lines may stand anywhere, a clause may run over lines, a line may hold several, and a
    line that begins with % ends the file, as in SATLIB. A literal that a clause repeats is read
    once, so that the graph of the formula has no edge twice. A clause with a literal and its
    complement stays, and so does an empty clause, which nothing satisfies.

    Raises:
        DimacsError: anything else, with the line it is in.
    """
    source = _Source(Path(path))
    start, num_variables, num_clauses = _header(source)
    numbers = _numbers(source, start)
    above = np.flatnonzero((numbers > num_variables) | (numbers < -num_variables))
    if len(above):
        position, found = source.word(start, int(above[0]))
        raise source.error(position, f"{found}, the header allows variables 1 to {num_variables}")
    ends = np.flatnonzero(numbers == 0)
    if len(ends) > num_clauses:
        first = int(ends[num_clauses - 1]) + 1 if num_clauses else 0
        position, found = source.word(start, first)
        raise source.error(
            position, f"{found} in one more clause, the header allows {num_clauses} of them"
        )
    if len(numbers) and numbers[-1] != 0:
        position, found = source.word(start, len(numbers) - 1)
        raise source.error(position, f"{found} at the end, a clause has to end with 0")
    if len(ends) < num_clauses:
        message = f"{len(ends)} clauses up to the end, the header says {num_clauses}"
        raise source.error(len(source.text.rstrip()), message)
    pointers = np.concatenate([[0], ends - np.arange(len(ends))])
    return _without_repeats(Cnf(num_variables, numbers[numbers != 0].astype(np.int32), pointers))


def write(formula: Cnf, path: str | Path, comments: Iterable[str] = ()) -> None:
    """Write a formula, through a temporary name; compressed if the path ends in .gz.

    Raises:
        FileExistsError: the file is there; it is left as it was.
    """
    path = Path(path)
    lines = [f"c {line}".rstrip() for comment in comments for line in comment.splitlines()]
    lines.append(f"p cnf {formula.num_variables} {formula.num_clauses}")
    lines += [" ".join(map(str, [*clause, 0])) for clause in formula.clauses]
    content = "\n".join([*lines, ""]).encode()
    temporary = path.with_name(f".{path.name}.tmp{os.getpid()}")
    try:
        temporary.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)
        path.touch(exist_ok=False)  # of several writers one succeeds
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


class _Source:
    """The text of a file, without comments and what stands after its end, and its lines."""

    def __init__(self, path: Path) -> None:
        self.path = path
        content = path.read_bytes()
        if path.suffix == ".gz":
            try:
                content = _unpacked(content)
            except (gzip.BadGzipFile, EOFError, zlib.error) as error:
                raise DimacsError(
                    f"{path}:1: found {error}, a whole gzip file is allowed"
                ) from error
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        text = COMMENT.sub(b"\n", b"\n" + content)  # every line begins after a line break
        end = END.search(text)
        self.text = text[: end.start()] if end else text

    def error(self, position: int, message: str) -> DimacsError:
        """An error at a place of the text."""
        line = max(self.text.count(b"\n", 0, position), 1)
        return DimacsError(f"{self.path}:{line}: found {message}")

    def word(self, start: int, index: int) -> tuple[int, str]:
        """Where the word of that index after `start` stands, and the word as errors show it."""
        words = re.compile(rb"\S+").finditer(self.text, start)
        match = next(islice(words, index, None))
        return match.start(), shown(match.group())


def _unpacked(content: bytes) -> bytes:
    """The content of a gzip file of bounded size."""
    with gzip.open(io.BytesIO(content)) as file:
        found = file.read(MAX_BYTES + 1)
    if len(found) > MAX_BYTES:
        raise gzip.BadGzipFile(f"more than {MAX_BYTES} bytes")
    return found


def shown(found: bytes) -> str:
    """A short piece of a file, on one line."""
    return repr(found[:SHOWN].decode("latin-1")) + ("..." if len(found) > SHOWN else "")


def _header(source: _Source) -> tuple[int, int, int]:
    """Where the header ends, and the numbers of variables and of clauses."""
    line = re.search(rb"\S[^\n]*", source.text)
    needed = "a header 'p cnf <variables> <clauses>' has to stand before the clauses"
    if line is None:
        raise source.error(0, f"nothing but comments and blank lines, {needed}")
    header = HEADER.fullmatch(line.group().rstrip())
    if header is None:
        raise source.error(line.start(), f"{shown(line.group())}, {needed}")
    num_variables, num_clauses = map(int, header.groups())
    if num_variables > MAX_VARIABLES:
        raise source.error(
            line.start(), f"{num_variables} variables, up to {MAX_VARIABLES} are allowed"
        )
    return line.end(), num_variables, num_clauses


def _numbers(source: _Source, start: int) -> np.ndarray:
    """All numbers after the header, int64; those too large for it are its largest."""
    body = source.text[start:] + b"\n"  # which begins with a line break too
    if body.translate(None, NUMBERS) or _has_lone_sign(np.frombuffer(body, np.uint8)):
        match = NO_NUMBER.search(source.text, start)
        assert match is not None
        raise source.error(match.start(), f"{shown(match.group())}, whole numbers are allowed")
    if body.isspace():
        return np.zeros(0, dtype=np.int64)
    return np.fromstring(body, dtype=np.int64, sep=" ")


def _has_lone_sign(codes: np.ndarray) -> bool:
    """Whether a sign stands within or behind a number, or before none."""
    signs = np.flatnonzero((codes == ord("-")) | (codes == ord("+")))
    return bool(((codes[signs - 1] > ord(" ")) | (codes[signs + 1] < ord("0"))).any())


def _without_repeats(formula: Cnf) -> Cnf:
    """The formula with every literal once in a clause, where it stood first."""
    lengths = np.diff(formula.pointers)
    clause = np.repeat(np.arange(formula.num_clauses), lengths)
    key = clause * (2 * formula.num_variables + 1) + formula.literals
    ordered = np.sort(key)
    if not (ordered[1:] == ordered[:-1]).any():
        return formula
    kept = np.sort(np.unique(key, return_index=True)[1])
    lengths = np.bincount(clause[kept], minlength=formula.num_clauses)
    pointers = np.concatenate([[0], lengths.cumsum()])
    return Cnf(formula.num_variables, formula.literals[kept], pointers)
