"""DIMACS, the file format of SAT solvers: a strict reader, and a writer."""

import gzip
import re
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import numpy as np

from data_gen.files import write_atomically
from data_gen.sat.cnf import Cnf
from data_gen.sat.text_file import TextFileError, read_text

COMMENT = re.compile(rb"\n[ \t]*c[^\n]*")
END = re.compile(rb"\n[ \t]*%")
HEADER = re.compile(rb"p[ \t]+cnf[ \t]+(\d{1,18})[ \t]+(\d{1,18})")
NUMBERS = b"+-0123456789 \t\n\v\f"
NO_NUMBER = re.compile(rb"(?<!\S)(?![+-]?\d+(?!\S))\S+")
# Bounds on the graph of a formula, within which it takes less than 5 GB.
MAX_NODES = 2 * 10**6  # literals of variables, and clauses
MAX_LITERALS = 10**7  # in all clauses together
MAX_LINES = 2 * 10**7  # of a file, most of them comments if it is within the other bounds
PIECE = (
    2**20
)  # bytes that are searched at a time, so that what is found in them takes little memory
SHOWN = 30  # the number of characters that an error quotes from the file


class DimacsError(ValueError):
    """The file is not in the format; one line with path, line number, and the words expected."""


def read(path: str | Path) -> Cnf:
    """Read the formula of a file, which may be compressed (`read_text`).

    Comment lines may stand anywhere, a clause may span several lines, a line may hold several
    clauses, and a line that begins with % ends the file, as in SATLIB. A literal that a clause
    repeats is read once, so that the graph of the formula has no edge twice. A clause with a
    literal and its complement stays, and so does an empty clause, which nothing satisfies.

    Raises:
        DimacsError: the file is not in this format; the message has the line number.
    """
    source = _Source(Path(path))
    start, num_variables, num_clauses = _header(source)
    _check_count(source, start, num_clauses)
    numbers = _numbers(source, start)
    above = np.flatnonzero((numbers > num_variables) | (numbers < -num_variables))
    if len(above):
        position, word = source.word(start, int(above[0]))
        raise source.error(position, f"{word}, expected variables 1 to {num_variables} (header)")
    ends = np.flatnonzero(numbers == 0)
    if len(ends) > num_clauses:
        first = int(ends[num_clauses - 1]) + 1 if num_clauses else 0
        position, word = source.word(start, first)
        message = f"{word} in one more clause, expected {num_clauses} clauses (header)"
        raise source.error(position, message)
    if len(numbers) and numbers[-1] != 0:
        position, word = source.word(start, len(numbers) - 1)
        raise source.error(position, f"{word} at the end, expected 0 after the last clause")
    if len(ends) < num_clauses:
        message = f"{len(ends)} clauses, expected {num_clauses} clauses (header)"
        raise source.error(len(source.text.rstrip()), message)
    pointers = np.concatenate([[0], ends - np.arange(len(ends))])
    return _without_repeats(Cnf(num_variables, numbers[numbers != 0].astype(np.int32), pointers))


def write(formula: Cnf, path: str | Path, comments: Iterable[str] = ()) -> None:
    """Write a formula atomically; compress it if the path ends in .gz.

    Raises:
        FileExistsError: the file exists; it is left unchanged.
    """
    path = Path(path)
    lines = [f"c {line}".rstrip() for comment in comments for line in comment.splitlines()]
    lines.append(f"p cnf {formula.num_variables} {formula.num_clauses}")
    lines += [" ".join(map(str, [*clause, 0])) for clause in formula.clauses]
    content = "\n".join([*lines, ""]).encode()
    if path.suffix == ".gz":
        content = gzip.compress(content, mtime=0)
    write_atomically(path, lambda temporary: temporary.write_bytes(content), must_be_new=True)


class _Source:
    """The text of a file, with comments and everything after the end mark removed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            content = read_text(path)
        except TextFileError as error:
            raise DimacsError(f"{path}:1: {error}") from error
        if (found := content.count(b"\n")) > MAX_LINES:
            raise DimacsError(f"{path}:1: found {found} lines, expected at most {MAX_LINES}")
        text = _without_comments(b"\n" + content)  # so every line follows a line break
        end = END.search(text)
        self.text = text[: end.start()] if end else text

    def error(self, position: int, message: str) -> DimacsError:
        """Return an error that names the line of a position in the text."""
        line = max(self.text.count(b"\n", 0, position), 1)
        return DimacsError(f"{self.path}:{line}: found {message}")

    def word(self, start: int, index: int) -> tuple[int, str]:
        """Return the position of the word of an index after `start`, and the word to show."""
        words = re.compile(rb"\S+").finditer(self.text, start)
        match = next(islice(words, index, None))
        return match.start(), shown(match.group())


def _without_comments(text: bytes) -> bytes:
    """Return a text that begins with a line break, with an empty line for each comment."""
    pieces, start = [], 0
    while start < len(text):
        stop = text.find(b"\n", start + PIECE)
        stop = len(text) if stop < 0 else stop
        pieces.append(COMMENT.sub(b"\n", text[start:stop]))
        start = stop
    return b"".join(pieces)


def shown(found: bytes) -> str:
    """Return the beginning of a piece of a file on one line, for errors."""
    return repr(found[:SHOWN].decode("latin-1")) + ("..." if len(found) > SHOWN else "")


def _header(source: _Source) -> tuple[int, int, int]:
    """Return the position where the header ends, and the numbers of variables and clauses."""
    line = re.search(rb"\S[^\n]*", source.text)
    needed = "expected a header 'p cnf <variables> <clauses>' before the clauses"
    if line is None:
        raise source.error(0, f"nothing but comments and blank lines, {needed}")
    header = HEADER.fullmatch(line.group().rstrip())
    if header is None:
        raise source.error(line.start(), f"{shown(line.group())}, {needed}")
    num_variables, num_clauses = map(int, header.groups())
    if 2 * num_variables + num_clauses > MAX_NODES:
        found = f"{num_variables} variables and {num_clauses} clauses"
        nodes = f"{MAX_NODES} nodes (two for a variable, one for a clause)"
        raise source.error(line.start(), f"{found}, expected at most {nodes}")
    return line.end(), num_variables, num_clauses


def _check_count(source: _Source, start: int, num_clauses: int) -> None:
    """Raise DimacsError if more words follow the header than literals are allowed."""
    codes = np.frombuffer(source.text, np.uint8)[start:]
    found, is_inside = 0, False
    for first in range(0, len(codes), PIECE):
        is_word = codes[first : first + PIECE] > ord(" ")
        found += int((is_word[1:] > is_word[:-1]).sum()) + int(is_word[0] and not is_inside)
        is_inside = bool(is_word[-1])
    if found > MAX_LITERALS + num_clauses:
        allowed = f"{MAX_LITERALS} literals and a 0 after each of {num_clauses} clauses"
        raise source.error(start, f"{found} numbers in clauses, expected at most {allowed}")


def _numbers(source: _Source, start: int) -> np.ndarray:
    """Return all numbers after the header as int64; larger numbers become the largest int64."""
    body = source.text[start:] + b"\n"  # begins and ends with a line break
    if body.translate(None, NUMBERS) or _has_lone_sign(np.frombuffer(body, np.uint8)):
        match = NO_NUMBER.search(source.text, start)
        assert match is not None
        raise source.error(match.start(), f"{shown(match.group())}, expected whole numbers")
    if body.isspace():
        return np.zeros(0, dtype=np.int64)
    return np.fromstring(body, dtype=np.int64, sep=" ")


def _has_lone_sign(codes: np.ndarray) -> bool:
    """Return whether a sign is within or after a number, or not before one."""
    signs = np.flatnonzero((codes == ord("-")) | (codes == ord("+")))
    return bool(((codes[signs - 1] > ord(" ")) | (codes[signs + 1] < ord("0"))).any())


def _without_repeats(formula: Cnf) -> Cnf:
    """Return the formula with repeats of a literal in a clause removed; the first one stays."""
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
