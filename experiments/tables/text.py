"""Texts of tables that may come from someone else, and that a spreadsheet may open."""

import csv
import io
import re
from functools import cache
from pathlib import Path

from data_gen.reading import read_checked

# A spreadsheet runs what begins so; terminals and editors obey control and direction characters.
UNSAFE = re.compile(r"^[=+@\-]|[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def safe(text: str) -> str:
    """Return a text of a table; raise ValueError if a spreadsheet or a terminal could obey it."""
    if _is_unsafe(text):
        raise ValueError(f"a text must not be a formula or have control characters, got {text!r}")
    return text


@cache
def _is_unsafe(text: str) -> bool:
    return UNSAFE.search(text) is not None


def csv_file(path: Path) -> io.StringIO:
    """Return the text of a csv file, to read it line by line.

    Raises:
        OSError: the file is missing, cannot be read or is not the one that was written.
        UnicodeDecodeError: it is no text.
    """
    return io.StringIO(read_checked(path).decode(), newline="")


def csv_records(path: Path) -> list[dict[str, str]]:
    """Return the lines of a csv file by the names of its columns.

    Raises:
        OSError: the file is missing, cannot be read or is not the one that was written.
        ValueError: the file is no text, or a name of a column is not safe.
        csv.Error: it is not a csv file.
    """
    reader = csv.DictReader(csv_file(path))
    for name in reader.fieldnames or ():
        safe(name)
    return list(reader)
