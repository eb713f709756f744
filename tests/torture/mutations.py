"""Mutations of the bytes of a file: blind ones, and such as know a text."""

import re
from collections.abc import Callable, Sequence

import numpy as np

NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
WORD = re.compile(rb"[A-Za-z_][\w.]*")
# What a text may hold in the place of a number or a word.
ODD = (
    b"", b"nan", b"-nan", b"inf", b"-Infinity", b"1e999", b"-1", b"0", b"1e-320", b"9" * 400,
    b"9" * 5000, b"2147483648", b"-9223372036854775809", b"null", b"true", b"[]", b"{}", b"''",
    b'"x"', b"[1,2]", b"{\"a\":1}", b"${a}", b"${oc.env:HOME}", b"&a [*a]", b"*a", b"!!int x",
    b"!!timestamp x", b"!!bool x", b"!!float x", b"!!binary x", b"!!set {a}", b"!!null x",
    b"!!python/object/apply:os.system [ls]", b"2001-01-01", b"1:30", b"0x", b"0b", b"0o9", b"1_000",
    b"._", b"? [a]\n: b", b"<<: 1", b"=", b"?", b"|", b">", b"%", b"@x", b"\x00", b"\xff",
    b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\n", b"\r", b"\t", b",", b'"', b"'", b":", b"\\", b"..",
    b"/etc/passwd", b"-", b"[" * 2000, b"{\"a\":" * 2000, b"(" * 500, b"a" * 70000, b"\xe2\x80\xae",
    b"=cmd", b"p cnf 9 9", b"%", b"c ",
)  # fmt: skip
Mutation = Callable[[bytes, Sequence[bytes], np.random.Generator], bytes]


def mutated(content: bytes, others: Sequence[bytes], rng: np.random.Generator) -> bytes:
    """Return a content after one to four mutations.

    Args:
        content: the bytes of the file.
        others: the bytes of other files, whose pieces may replace some of it.
        rng: chooses the mutations and their places.
    """
    kinds = BLIND + (OF_TEXT if _is_text(content) else ())
    for _ in range(int(rng.choice([1, 1, 1, 2, 4]))):
        content = kinds[int(rng.integers(len(kinds)))](content, others, rng)
    return content


def _is_text(content: bytes) -> bool:
    return b"\x00" not in content and content[:2] != b"\x1f\x8b"


def _span(content: bytes, rng: np.random.Generator) -> tuple[int, int]:
    """Return a place and a length; short pieces are as frequent as long ones."""
    start = int(rng.integers(len(content) + 1))
    most = max(1, len(content) - start)
    return start, int(most ** rng.random())


def _flip(content: bytes, others: Sequence[bytes], rng: np.random.Generator) -> bytes:
    del others
    changed = bytearray(content)
    if changed:
        changed[int(rng.integers(len(changed)))] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def _overwrite(content: bytes, others: Sequence[bytes], rng: np.random.Generator) -> bytes:
    del others
    start, length = _span(content, rng)
    length = min(length, 16)
    return content[:start] + rng.bytes(length) + content[start + length :]


def _delete(content: bytes, others: Sequence[bytes], rng: np.random.Generator) -> bytes:
    del others
    start, length = _span(content, rng)
    return content[:start] + content[start + length :]


def _truncate(content: bytes, others: Sequence[bytes], rng: np.random.Generator) -> bytes:
    del others
    return content[: int(rng.integers(len(content) + 1))]


def _insert(content: bytes, others: Sequence[bytes], rng: np.random.Generator) -> bytes:
    del others
    start = int(rng.integers(len(content) + 1))
    return content[:start] + rng.bytes(int(rng.integers(1, 64))) + content[start:]


def _repeat(content: bytes, others: Sequence[bytes], rng: np.random.Generator) -> bytes:
    del others
    start, length = _span(content, rng)
    return content[: start + length] + content[start:]


def _swap(content: bytes, others: Sequence[bytes], rng: np.random.Generator) -> bytes:
    """Replace a piece by one of another file."""
    other = others[int(rng.integers(len(others)))]
    start, length = _span(content, rng)
    begin, size = _span(other, rng)
    return content[:start] + other[begin : begin + size] + content[start + length :]


def _odd(pattern: re.Pattern[bytes]) -> Mutation:
    """Return the mutation that replaces a number or a word of a text by something odd."""

    def mutate(content: bytes, others: Sequence[bytes], rng: np.random.Generator) -> bytes:
        del others
        found = list(pattern.finditer(content))
        if not found:
            return content
        chosen = found[int(rng.integers(len(found)))]
        odd = ODD[int(rng.integers(len(ODD)))]
        return content[: chosen.start()] + odd + content[chosen.end() :]

    return mutate


def _lines(content: bytes, others: Sequence[bytes], rng: np.random.Generator) -> bytes:
    """Delete, repeat, or exchange lines."""
    del others
    lines = content.splitlines(keepends=True)
    if len(lines) < 2:
        return content
    one, other = (int(rng.integers(len(lines))) for _ in range(2))
    kind = int(rng.integers(3))
    if kind == 0:
        del lines[one]
    elif kind == 1:
        lines.insert(other, lines[one])
    else:
        lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines)


def _exchange_words(content: bytes, others: Sequence[bytes], rng: np.random.Generator) -> bytes:
    """Put a word or number of a text in the place of another one."""
    del others
    found = [*WORD.finditer(content), *NUMBER.finditer(content)]
    if not found:
        return content
    one, other = (found[int(rng.integers(len(found)))] for _ in range(2))
    return content[: one.start()] + other.group() + content[one.end() :]


BLIND: tuple[Mutation, ...] = (_flip, _overwrite, _delete, _truncate, _insert, _repeat, _swap)
OF_TEXT: tuple[Mutation, ...] = (
    _odd(NUMBER), _odd(WORD), _odd(NUMBER), _odd(WORD), _lines, _exchange_words,
)  # fmt: skip
