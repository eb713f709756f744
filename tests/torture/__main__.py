"""Torture: kills, limits, crowds, mutated inputs and foreign folders, with a table at the end.

python -m tests.torture
python -m tests.torture --share 0.01 --only kills,inputs
python -m tests.torture --seed 5 --only kills/publish --number 1003

The exit code is 1 if there is a traceback, a silent difference, a leftover, or a file outside that
was read, written or deleted.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import sys

import numpy as np

from tests.torture.run import KINDS, tortured
from tests.torture.tally import COLUMNS, report, table


def main(words: list[str]) -> int:
    """Torture as the words of the command line say; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of the cases of every part")
    parser.add_argument("--only", default=",".join(KINDS), help="kinds, or kind/part")
    parser.add_argument("--seed", type=int, help="of everything random; default: a new one")
    parser.add_argument("--number", type=int, help="the number of the only case")
    parser.add_argument("--processes", type=int, default=2)
    args = parser.parse_args(words)
    seed = int(np.random.SeedSequence().entropy % 2**31) if args.seed is None else args.seed
    sys.stdout.write(f"seed {seed}, share {args.share:g}\n")
    tallies = tortured(args.only.split(","), seed, args.share, args.number, args.processes)
    sys.stdout.write(f"{report(tallies)}\n{table(tallies)}\n")
    return int(any(tally.count(column) for tally in tallies for column in COLUMNS))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
