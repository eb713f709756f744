"""Temporary folders beside the files they become; those of killed writers are swept.

A writer holds a lock on its folder. The system releases the lock when the writer ends, in whatever
way, so that the next writer in the same place knows which folders nobody needs.
"""

import fcntl
import os
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

MARK = ".tmp"
OLD_SECONDS = 3600  # the age above which a folder is swept where the system knows no locks
TRIES = 10  # a folder can be swept before its lock is held


@contextmanager
def temporary_folder(path: Path) -> Iterator[Path]:
    """Yield a new folder `.<name>.tmp...` beside a path; delete it, and abandoned ones, at the end.

    Raises:
        OSError: the folder cannot be made.
    """
    folder, descriptor = _held_folder(path)
    try:
        yield folder
    finally:
        _remove(folder)
        os.close(descriptor)
        sweep(path.parent)


def sweep(folder: Path) -> None:
    """Delete the temporary folders in a folder that no living writer holds."""
    for leftover in temporary_folders(folder):
        if _is_abandoned(leftover):
            _remove(leftover)


def _remove(folder: Path) -> None:
    """Delete a temporary folder, with copies of folders that may not be written to."""
    for parent, _, _ in os.walk(folder):
        with suppress(OSError):
            os.chmod(parent, stat.S_IRWXU)  # noqa: PTH101  (os.walk reads it only afterwards)
    shutil.rmtree(folder, ignore_errors=True)


def temporary_folders(folder: Path, name: str = "") -> list[Path]:
    """Return the temporary folders in a folder: all, or those of files that begin with a name."""
    with os.scandir(folder) as entries:
        return [
            Path(entry.path)
            for entry in entries
            if entry.name.startswith(f".{name}")
            and MARK in entry.name
            and entry.is_dir(follow_symlinks=False)
        ]


def _held_folder(path: Path) -> tuple[Path, int]:
    """Make a temporary folder; return it and the descriptor that holds its lock."""
    for _ in range(TRIES):
        folder = path.with_name(f".{path.name}{MARK}{uuid4().hex}")
        folder.mkdir()
        with suppress(FileNotFoundError, BlockingIOError):  # swept meanwhile, or about to be
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                _lock(descriptor)
            except BlockingIOError:
                os.close(descriptor)
                raise
            if folder.is_dir():
                return folder, descriptor
            os.close(descriptor)
    raise FileNotFoundError(f"{path.parent}: no temporary folder stays")


def _lock(descriptor: int) -> bool:
    """Lock an open folder; return whether the system could. Raise BlockingIOError if it is held."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:
        return False
    return True


def _is_abandoned(folder: Path) -> bool:
    """Return whether no process holds a temporary folder."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return False
    try:
        return _lock(descriptor) or time.time() - _modified(folder) > OLD_SECONDS
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)


def _modified(folder: Path) -> float:
    """Return the time of the last change of a folder or a file in it; infinite if it is gone."""
    try:
        return max(path.stat().st_mtime for path in (folder, *folder.iterdir()))
    except OSError:
        return float("inf")
