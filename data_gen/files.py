"""Atomic writes: a file exists complete or not at all, with the permissions of any new file."""

import errno
import os
import re
import stat
from collections.abc import Callable
from pathlib import Path

from data_gen.temporary import temporary_folder

PROBE_BYTES = 2**16  # written to learn whether a disk takes any more
OF_RUST = re.compile(r"\(os error (\d+)\)")  # how a library in Rust names an error of the system


def write_atomically(
    path: Path,
    write: Callable[[Path], object],
    *,
    must_be_new: bool = False,
    before: Callable[[Path], object] | None = None,
) -> None:
    """Write a file in a temporary folder, then rename it; delete what killed writers left.

    The file gets the permissions of any new file, whichever ones its writer chose.

    Args:
        path: the final path; missing folders are created.
        write: writes the file at the path that it is given.
        must_be_new: whether to leave a file that exists, and raise an error.
        before: called with the temporary path of the whole file, before it gets its final one.

    Raises:
        FileExistsError: the file exists and must be new.
        OSError: the file cannot be written, for example because the disk is full; nothing stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with temporary_folder(path) as folder:
        temporary = folder / path.name
        try:
            temporary.touch()
            mode = stat.S_IMODE(temporary.stat().st_mode)
            write(temporary)
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            if stat.S_IMODE(temporary.stat().st_mode) != mode:
                temporary.chmod(mode)
            if before is not None:
                before(temporary)
            if must_be_new:
                _rename_to_new(temporary, path)
            else:
                temporary.replace(path)
        except Exception as error:
            number = _number_of(error, folder)
            if number is None:
                raise
            raise OSError(number, os.strerror(number), str(path)) from error


def _rename_to_new(temporary: Path, path: Path) -> None:
    """Rename a file; raise FileExistsError if the new name is taken, even by another process."""
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        raise
    except OSError as error:  # the file system has no hard links
        if path.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from error
        temporary.rename(path)


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
