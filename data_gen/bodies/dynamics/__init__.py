"""Compiled code is cached on disk in a folder named by a hash of all sources of this package.

By default numba checks only the file of a function itself, so a function would go on calling an old
version of a function of another file. The cache folder is set for the whole process.
"""

from hashlib import sha256
from pathlib import Path

from numba import config

from data_gen.bodies.dynamics.compiled import place_of_compiled_code
from data_gen.patterns import visible

_HERE = Path(__file__).parent
_SOURCES = sha256(b"".join(path.read_bytes() for path in visible(_HERE, "*.py"))).hexdigest()
_KEPT = place_of_compiled_code(config.CACHE_DIR, _HERE / "__pycache__")
config.CACHE_DIR = str(_KEPT / f"compiled_{_SOURCES[:12]}")
