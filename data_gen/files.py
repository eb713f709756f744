"""Atomic writes: a file exists complete or not at all, with the permissions of any new file."""

import os
import re
import shutil
import stat
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

LEFTOVER_SECONDS = 3600  # the age above which a temporary folder's writer must have been killed
PROBE_BYTES = 2**16  # written to learn whether a disk takes any more
OF_RUST = re.compile(r"\(os error (\d+)\)")  # how a library in Rust names an error of the system


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file in a temporary folder, then rename it; delete what killed writers left.

    The file gets the permissions of any new file, whichever ones its writer chose.

    Args:
        path: the final path; missing folders are created.
        write: writes the file at the path that it is given.

    Raises:
        OSError: the file cannot be written, for example because the disk is full; nothing stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = path.with_name(f".{path.name}.tmp{uuid4().hex}")
    temporary = folder / path.name
    try:
        folder.mkdir()
        temporary.touch()
        mode = stat.S_IMODE(temporary.stat().st_mode)
        write(temporary)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        if stat.S_IMODE(temporary.stat().st_mode) != mode:
            temporary.chmod(mode)
        temporary.replace(path)
    except Exception as error:
        number = _number_of(error, folder)
        if number is None:
            raise
        raise OSError(number, os.strerror(number), str(path)) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for leftover in path.parent.glob(f".{path.name}.tmp*"):
        if time.time() - _modified(leftover) > LEFTOVER_SECONDS:
            shutil.rmtree(leftover, ignore_errors=True)


def append(path: Path, text: str) -> None:
    """Add text to the end of a file.

    Raises:
        OSError: the text cannot be written, for example because the disk is full.
    """
    try:
        with path.open("a") as file:
            file.write(text)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def _number_of(error: Exception, folder: Path) -> int | None:
    """Return the number of the system's error behind a failed write; None if there is none.

    Libraries that write by themselves report a full disk in words of their own, or not at all.
    """
    if isinstance(error, OSError) and error.errno is not None:
        if not isinstance(error.filename, (str, bytes)):  # none, or the number of an open file
            return error.errno
        of_other = (
            not Path(os.fsdecode(error.filename)).absolute().is_relative_to(folder.absolute())
        )
        return None if of_other else error.errno
    if told := OF_RUST.search(str(error)):
        return int(told[1])
    try:
        with (folder / "probe").open("wb") as file:
            file.write(bytes(PROBE_BYTES))
            file.flush()
            os.fsync(file.fileno())
    except OSError as refusal:
        return refusal.errno
    return None


def _modified(folder: Path) -> float:
    """Return the time of the last change of a folder or a file in it; infinite if it is gone."""
    try:
        return max(path.stat().st_mtime for path in (folder, *folder.iterdir()))
    except OSError:
        return float("inf")
