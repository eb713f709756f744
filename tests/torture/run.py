"""The jobs of torture, several at a time, each in a forked process."""

import importlib
import os
import pickle
import resource
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from tests.torture import crowd, foreign, inputs, kills, limits
from tests.torture.commands import COMMANDS
from tests.torture.job import Job
from tests.torture.tally import TRACEBACK, Tally

KINDS = {
    "kills": kills, "limits": limits, "crowd": crowd, "inputs": inputs, "foreign": foreign,
}  # fmt: skip
LATE = ("experiments.figures.exhibit", "torch.utils.tensorboard")  # what commands import late


def tortured(
    only: Sequence[str], seed: int, share: float, number: int | None, processes: int
) -> list[Tally]:
    """Torture; return a tally for each kind.

    Args:
        only: kinds, or kind/part.
        seed: the seed of everything random.
        share: the share of the cases of every part.
        number: the number of the only case; None: all.
        processes: the number of jobs at a time.
    """
    _import_all()
    tallies: dict[str, Tally] = {}
    home = Path(tempfile.mkdtemp(prefix="torture-"))
    home.chmod(0o755)  # some commands run as another user
    try:
        todo = list(_jobs(only, seed, share, number))
        for count, (kind, tally) in enumerate(_run(todo, home, processes), start=1):
            tallies.setdefault(kind, Tally(kind)).merge(tally)
            said = f"{count}/{len(todo)} {kind}: {tally.tried} in {tally.seconds:.0f} s"
            sys.stderr.write(f"{said}, {len(tally.cases)} wrong\n")
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return [tallies[kind] for kind in KINDS if kind in tallies]


def _import_all() -> None:
    """Import what any command imports, so that forked commands need not."""
    for name in (*(f"experiments.{command}" for command in COMMANDS), *LATE):
        importlib.import_module(name)
    torch.set_num_threads(1)


def _jobs(only: Sequence[str], seed: int, share: float, number: int | None) -> Iterator[Job]:
    """Yield the jobs, without their folders."""
    for asked in only:
        kind, _, part = asked.partition("/")
        for name in [part] if part else KINDS[kind].PARTS:
            of = 1 if number is not None else KINDS[kind].SLICES
            for first in range(of):
                yield Job(Tally(kind), name, seed, share, Path(), number, first, of)


def _run(jobs: Sequence[Job], home: Path, processes: int) -> Iterator[tuple[str, Tally]]:
    """Run jobs in forked processes; yield kind and tally of each when it ends."""
    left, running = list(enumerate(jobs)), {}
    while left or running:
        while left and len(running) < processes:
            index, job = left.pop(0)
            work = home / str(index)
            work.mkdir()
            running[_forked(replace(job, work=work), home / f"{index}.pickle")] = index, job
        pid, _ = os.wait()
        index, job = running.pop(pid)
        shutil.rmtree(home / str(index), ignore_errors=True)
        yield job.tally.kind, _result(job, home / f"{index}.pickle")


def _forked(job: Job, result: Path) -> int:
    """Fork a process that runs a job and stores its tally; return its number."""
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid
    try:
        began = time.monotonic()
        try:
            KINDS[job.tally.kind].torture(job)
        except Exception:
            job.add(TRACEBACK, -1, f"torture itself failed\n{traceback.format_exc()}")
        job.tally.seconds = time.monotonic() - began
        used = [resource.getrusage(of) for of in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        job.tally.cpu = sum(one.ru_utime + one.ru_stime for one in used)
        result.write_bytes(pickle.dumps(job.tally))
    finally:
        os._exit(0)


def _result(job: Job, path: Path) -> Tally:
    """Return the tally of a job; a job without one was lost, which counts."""
    if not path.exists():
        job.add(TRACEBACK, -1, "the process of the job was lost")
        return job.tally
    return pickle.loads(path.read_bytes())
