"""Patterns of paths as a shell reads them: `*` leaves out hidden files.

macOS writes `._x` beside `x` on foreign disks, and Emacs links `.#x` while `x` is edited. Path.glob
would match both.
"""

from glob import glob
from itertools import accumulate
from pathlib import Path

from data_gen.reading import check_inside


def visible(folder: Path, pattern: str) -> list[Path]:
    """Return the paths in a folder that match a pattern, sorted; `**` matches all folders below.

    Raises:
        RefusedFileError: a path is a link that leaves the folder.
    """
    found = _found(folder, pattern)
    for path in found:
        check_inside(path, folder)
    return found


def matching(pattern: str) -> list[Path]:
    """Return the paths that match a pattern, sorted, or the path itself if it exists.

    The first parts of a pattern that exist as they are written are taken literally: a folder may
    be named `set [v2]`.
    """
    path = Path(pattern)
    there = [Path(), *accumulate(map(Path, path.parts), Path.joinpath)]
    count = next((n for n, start in enumerate(there) if not start.exists()), len(there)) - 1
    literal, rest = there[count], path.parts[count:]
    return _found(literal, str(Path(*rest))) if rest else [path]


def _found(folder: Path, pattern: str) -> list[Path]:
    found = glob(pattern, root_dir=folder, recursive=True)  # noqa: PTH207  (hidden files)
    return sorted(folder / name for name in found)
