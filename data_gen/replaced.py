"""Replacing a whole folder at once: readers see the old content or the new one."""

import ctypes
import errno
import logging
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from data_gen.reading import check_links, read_bytes
from data_gen.temporary import MARK, temporary_folder, temporary_folders

HERE, EXCHANGE = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of Linux
OLD = "old"  # the name of a replaced folder in its temporary folder
LOG = logging.getLogger(__name__)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Let one process at a time change a folder; the lock file lies beside it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder.with_name(f".{folder.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        LOG.info("%s: another process is writing here; waiting for it", folder)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def replaced(folder: Path) -> Iterator[Path]:
    """Yield a copy of a folder to change, which takes its place when the block ends.

    The copy has the folder's name. If the block raises an error, the folder stays as it was. One
    process at a time replaces a folder; others wait.

    Raises:
        OSError: a link in the folder leaves it, or the disk is full.
    """
    with locked(folder):
        _restore(folder)
        with temporary_folder(folder) as home:
            new = home / folder.name
            if folder.is_dir():
                check_links(folder)
                shutil.copytree(folder, new, symlinks=True, copy_function=shutil.copyfile)
            else:
                new.mkdir()
            yield new
            _swap(new, folder, home / OLD)


@contextmanager
def added_to(folder: Path) -> Iterator[Path]:
    """Yield a new folder to fill, whose files move into a folder when the block ends.

    A file that is there with the same content stays.

    Raises:
        FileExistsError: a file is there with another content; then no file moves.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder), temporary_folder(folder) as new:
        yield new
        _move_into(folder, sorted(new.iterdir()))


def _move_into(folder: Path, files: Sequence[Path]) -> None:
    for file in files:
        path = folder / file.name
        if os.path.lexists(path) and read_bytes(path) != file.read_bytes():
            reason = "is there with another content, take another folder"
            raise FileExistsError(errno.EEXIST, reason, str(path))
    for file in files:
        file.replace(folder / file.name)


def _swap(new: Path, folder: Path, old: Path) -> None:
    """Put a new folder in the place of another one, in one step where the system can."""
    if not folder.is_dir():
        new.rename(folder)
    elif not _exchange(new, folder):
        folder.rename(old)
        new.rename(folder)


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two folders in one step; return whether the system could."""
    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    return rename is not None and not rename(
        HERE, os.fsencode(one), HERE, os.fsencode(other), EXCHANGE
    )


def _restore(folder: Path) -> None:
    """Put back the old folder of a writer that was killed between two steps."""
    for leftover in temporary_folders(folder.parent, f"{folder.name}{MARK}"):
        if (leftover / OLD).is_dir() and not folder.exists():
            (leftover / OLD).rename(folder)
