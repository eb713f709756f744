"""Files that are there whole or not at all."""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

LEFTOVER_SECONDS = 3600  # that a writer may take


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Write through a temporary name: a file is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp{uuid4().hex}")
    write(temporary)
    with temporary.open("rb+") as file:
        os.fsync(file.fileno())
    temporary.replace(path)
    for leftover in path.parent.glob(f".{path.name}.tmp*"):
        with suppress(FileNotFoundError):
            if time.time() - leftover.stat().st_mtime > LEFTOVER_SECONDS:
                leftover.unlink()  # of a writer that was killed
