"""Reading of files that may come from someone else, or may have been damaged.

Only regular files of a bounded size are read, and no link out of their folder is followed. A file
that the folder's SHA256SUMS lists is read only if it is the file that was written.
"""

import errno
import hashlib
import io
import os
import re
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

from data_gen.files import write_atomically

SUMS = "SHA256SUMS"  # in the format of the program sha256sum: `sha256sum -c SHA256SUMS` checks it
LINE = re.compile(r"([0-9a-f]{64}) [ *](.+)")
MOST_BYTES = 2**30  # of a file that is read whole
BLOCK = 2**20  # bytes that are read at a time
KINDS = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}


class RefusedFileError(OSError):
    """The file is not read: a link out of its folder, no regular file, too large, or damaged."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(errno.EPERM, reason, str(path))

    def __str__(self) -> str:
        return self.strerror or ""


def check_inside(path: Path, folder: Path) -> None:
    """Raise RefusedFileError if a path leads out of a folder, through any link on the way."""
    try:
        is_inside = path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # a circle of links
        is_inside = False
    if not is_inside:
        raise RefusedFileError(path, f"must not be a link that leaves {folder}")


def check_links(folder: Path) -> None:
    """Check every entry below a folder, before anything is written into it.

    Raises:
        RefusedFileError: an entry is a link out of the folder, or neither file nor folder.
    """
    for parent, names, files in os.walk(folder):
        for path in (Path(parent) / name for name in (*names, *files)):
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode):
                check_inside(path, folder)
            elif not stat.S_ISDIR(mode) and not stat.S_ISREG(mode):
                raise RefusedFileError(path, f"must be a regular file, got {_kind(mode)}")


def read_bytes(path: Path, folder: Path | None = None, most: int = MOST_BYTES) -> bytes:
    """Return the content of a regular file.

    Args:
        path: the file.
        folder: the folder that no link on the way may leave; None: the folder of the file.
        most: the largest number of bytes.

    Raises:
        RefusedFileError: a link leads out of the folder, or the file is not regular or too large.
        OSError: the file is missing or cannot be read.
    """
    check_inside(path, folder or path.parent)
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # waits for no pipe
    with os.fdopen(descriptor, "rb", closefd=True) as file:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise RefusedFileError(path, f"must be a regular file, got {_kind(mode)}")
        content = read_most(file, most + 1)
    if len(content) > most:
        raise RefusedFileError(path, f"must have at most {most} bytes, got more")
    return content


def read_most(file: io.BufferedIOBase, most: int) -> bytes:
    """Return up to a number of bytes; `file.read(most)` would take as much memory for any file."""
    blocks = []
    while most > 0 and (block := file.read(min(most, BLOCK))):
        blocks.append(block)
        most -= len(block)
    return b"".join(blocks)


def read_checked(path: Path, folder: Path | None = None, most: int = MOST_BYTES) -> bytes:
    """Return the content of a file, which is the one that was written if its sum is known.

    Args:
        path: the file.
        folder: the folder with the sums, which no link may leave; None: the folder of the file.
        most: the largest number of bytes.

    Raises:
        RefusedFileError: as for `read_bytes`, or the file is not the one that was written.
        OSError: the file is missing or cannot be read.
    """
    home = folder or path.parent
    content = read_bytes(path, home, most)
    wanted = sums_of(home).get(_name(path, home))
    if wanted is not None and wanted != sum_of(content):
        raise RefusedFileError(path, f"is damaged or was changed: its sum in {SUMS} is another one")
    return content


def sum_of(content: bytes) -> str:
    """Return the SHA-256 of a content, 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def sums_of(folder: Path) -> dict[str, str]:
    """Return the sums that a folder lists, by the name of the file; none if it has no list.

    Raises:
        RefusedFileError: the list is damaged, or `read_bytes` refuses it.
    """
    path = folder / SUMS
    try:
        lines = read_bytes(path, folder).decode(errors="replace").splitlines()
    except FileNotFoundError:
        return {}
    found = [LINE.fullmatch(line) for line in lines]
    if not all(found):
        raise RefusedFileError(path, "is not a list of SHA-256 sums")
    return {line[2]: line[1] for line in found if line is not None}


def add_sums(
    folder: Path, paths: Iterable[Path], places: Mapping[Path, Path] | None = None
) -> None:
    """Add the sums of files that were just written to the list of their folder.

    Args:
        folder: the folder with the list.
        paths: the files.
        places: for files that are about to be renamed, where they are now.
    """
    now = places or {}
    mine = {_name(path, folder): sum_of(read_bytes(now.get(path, path), folder)) for path in paths}
    sums = {**sums_of(folder), **mine}
    text = "".join(f"{sums[name]}  {name}\n" for name in sorted(sums))
    write_atomically(folder / SUMS, lambda path: path.write_text(text, encoding="utf-8"))


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _kind(mode: int) -> str:
    return KINDS.get(stat.S_IFMT(mode), "a device")
