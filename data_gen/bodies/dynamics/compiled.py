"""The place of compiled code: a folder that can be written to, wherever the sources are."""

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def place_of_compiled_code(given: str, beside: Path) -> Path:
    """Return the given folder, or the first that can be written to where none is given.

    The others are, in order, the folder beside the sources, the user's cache, and a folder of the
    user's own among the temporary files.

    Args:
        given: the value of NUMBA_CACHE_DIR; "" if it is not set.
        beside: the folder beside the sources.

    Raises:
        OSError: the given folder cannot be written to, or none can.
    """
    refusals = []
    for folder in [Path(given)] if given else _places(beside):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return folder
        except OSError as error:
            refusals.append(f"{str(folder)!r} ({error.strerror or error})")
    raise OSError(
        f"NUMBA_CACHE_DIR must be a folder that can be written to, got {', '.join(refusals)}"
    )


def _places(beside: Path) -> Iterator[Path]:
    """Yield the folders to try; compiled code is run, so a stranger's folder is not one."""
    yield beside
    with suppress(RuntimeError):  # there is no home
        yield Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "finite_means"
    with suppress(OSError):  # there is no folder for temporary files
        own = Path(tempfile.gettempdir()) / f"finite_means-{os.geteuid()}"
        with suppress(FileExistsError):
            own.mkdir(mode=0o700)
        status = own.lstat()
        is_private = status.st_uid == os.geteuid() and not status.st_mode & 0o022
        if stat.S_ISDIR(status.st_mode) and is_private:
            yield own
