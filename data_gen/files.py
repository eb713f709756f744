"""Atomic writes: a file exists complete or not at all."""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

LEFTOVER_SECONDS = 3600  # the age above which a temporary file's writer must have been killed


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file under a temporary name, then rename it; delete what killed writers left.

    Args:
        path: the final path; missing folders are created.
        write: writes the file at the path that it is given.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp{uuid4().hex}")
    write(temporary)
    with temporary.open("rb+") as file:
        os.fsync(file.fileno())
    temporary.replace(path)
    for leftover in path.parent.glob(f".{path.name}.tmp*"):
        with suppress(FileNotFoundError):
            if time.time() - leftover.stat().st_mtime > LEFTOVER_SECONDS:
                leftover.unlink()
