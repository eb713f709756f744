"""Addresses of files, relative to the page, so that they work from disk."""

import os
from pathlib import Path
from urllib.parse import quote


def href(path: Path, base: Path) -> str:
    """The address of a file or folder for a page in folder `base`; quoted, not escaped."""
    return quote(Path(os.path.relpath(path.absolute(), base)).as_posix())
