"""Addresses of files relative to the page, so that links work from disk."""

import os
from pathlib import Path
from urllib.parse import quote


def href(path: Path, base: Path) -> str:
    """Return the address of a file for a page in folder `base`: URL-quoted, not HTML-escaped."""
    return quote(Path(os.path.relpath(path.absolute(), base)).as_posix())
