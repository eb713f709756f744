"""Commands, run as `python -m experiments.train` or as files, `python experiments/train.py`.

Python looks for the modules of a file first beside it, where `statistics` hides its own of that
name; the folder of the commands is therefore no place to look.
"""

import sys
from pathlib import Path

if sys.path and Path(sys.path[0]).resolve() == Path(__file__).resolve().parent:
    del sys.path[0]
