"""Compiled code is kept on disk by the sources of the whole package.

By itself, numba looks at the file of a function alone, and a function that calls one of another
file would go on with what that was. The folder is set for the whole process.
"""

from hashlib import sha256
from pathlib import Path

from numba import config

_HERE = Path(__file__).parent
_SOURCES = sha256(b"".join(path.read_bytes() for path in sorted(_HERE.glob("*.py")))).hexdigest()
_KEPT = Path(config.CACHE_DIR or _HERE / "__pycache__")
config.CACHE_DIR = str(_KEPT / f"compiled_{_SOURCES[:12]}")
