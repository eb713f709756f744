"""Mutated inputs: a reader returns what was written, or raises an error that is one line.

Cases of even number are in a folder with sums: nothing else may be read than what was written.
Those of odd number are in the folder of a stranger, who may write any value and any sum.
"""

import gzip
import logging
import mmap
import os
import pickle
import resource
import shutil
import signal
import struct
import time
import traceback
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import numpy as np

from data_gen.reading import SUMS, add_sums, sum_of
from experiments.settings.errors import USER_ERRORS
from experiments.tables.pictures import write_pictures
from tests.experiments.test_pictures import spiral
from tests.torture.job import Job
from tests.torture.mutations import mutated
from tests.torture.places import Place
from tests.torture.readers import LEFT_OUT, READERS, Reader, run_in
from tests.torture.tally import DIFFERENCE, TRACEBACK

PARTS = tuple(READERS)
SLICES = 1
NUMBERS = 10_000
SECONDS, BYTES = 5, 2**30  # of the CPU, of memory: the most that a reader may take
MOST_LOST = 20  # lost processes of a part, after which it is given up
HANGS = 60  # seconds without progress after which the process is killed


class TooLongError(BaseException):
    """A reader takes too long; no reader catches this."""


def torture(job: Job) -> None:
    """Mutate the file of a reader again and again, in processes that may be lost."""
    reader, place = READERS[job.part], _place(job)
    numbers = job.numbers(range(NUMBERS))
    progress = mmap.mmap(-1, 8)
    log = job.work / "cases"
    done = lost = 0
    while done < len(numbers) and lost < MOST_LOST:
        pid = os.fork()
        if pid == 0:
            _read_all(job, reader, place, numbers[done:], (progress, log))
        code = _watched(pid, progress)
        told = [] if not log.exists() else _stored(log)
        for column, number, text in told:
            job.add(column, number, text)
        log.unlink(missing_ok=True)
        (count,) = struct.unpack("Q", progress[:8])
        done += count + (code != 0)
        lost += code != 0
        if code:
            job.add(TRACEBACK, numbers[min(done, len(numbers)) - 1], f"the process ended: {code}")
    job.tally.tried += done


def _place(job: Job) -> Place:
    """Make a home with a file for every reader, and a copy for the folder of a stranger."""
    place = Place(job.work)
    place.home.mkdir()
    place.succeed("train")
    if job.part == "estimates":
        place.succeed("publish")
        add_sums(place.home / "results/s", [place.home / "results/s/estimates.csv"])
    if job.part.startswith("dimacs"):
        place.succeed("export", "num_instances=1")
        _compressed(place.home)
    if job.part == "pictures":
        (place.home / "pictures").mkdir()
        write_pictures([spiral()], place.home / "pictures" / "x.json.gz")
        add_sums(place.home / "pictures", [place.home / "pictures" / "x.json.gz"])
    place.keep("stranger")
    for path in (job.work / "stranger").rglob(SUMS):
        if job.part != "sums":
            path.unlink()
    return place


def _compressed(home: Path) -> None:
    (home / "formulas").mkdir()
    for number, path in enumerate(sorted((home / "cnf").glob("*.cnf"))):
        shutil.copy(path, home / "formulas" / f"{number}.cnf")
        content = gzip.compress(path.read_bytes(), mtime=0)
        (home / "formulas" / f"{number}.cnf.gz").write_bytes(content)
        return


def _watched(pid: int, progress: mmap.mmap) -> int:
    """Wait for a process, which is killed when it hangs; return its exit code."""
    last, since = None, time.monotonic()
    while True:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        if progress[:8] != last:
            last, since = progress[:8], time.monotonic()
        elif time.monotonic() - since > HANGS:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def _stored(log: Path) -> list[tuple[str, int, str]]:
    found = []
    with log.open("rb") as file:
        while True:
            try:
                found.append(pickle.load(file))
            except EOFError:
                return found


def _read_all(
    job: Job, reader: Reader, place: Place, numbers: Sequence[int], told: tuple[mmap.mmap, Path]
) -> NoReturn:
    """Read the mutated file of every number; tell how many are done, and store the cases."""
    progress, log = told
    code = 70
    try:
        _limit()
        homes = [place.home, place.work / "stranger"]
        mutants = [Mutants(job, reader, home) for home in homes]
        with log.open("ab", buffering=0) as file:
            for count, number in enumerate(numbers):
                progress[:8] = struct.pack("Q", count)
                for case in mutants[number % 2].case(number):
                    file.write(pickle.dumps(case))
        progress[:8] = struct.pack("Q", len(numbers))
        code = 0
    except BaseException:
        with log.open("ab") as file:
            pickle.dump((TRACEBACK, numbers[0], traceback.format_exc()), file)
    finally:
        os._exit(code)


def _limit() -> None:
    """Limit the memory of this process, and make a signal of its clock an error."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    status = Path("/proc/self/statm").read_text().split()
    most = int(status[0]) * os.sysconf("SC_PAGE_SIZE") + BYTES
    resource.setrlimit(resource.RLIMIT_AS, (most, most))

    def too_long(number: int, frame: object) -> None:
        raise TooLongError(f"more than {SECONDS} s")

    signal.signal(signal.SIGPROF, too_long)


class Mutants:
    """The mutants of one file in one home."""

    def __init__(self, job: Job, reader: Reader, root: Path) -> None:
        self.job, self.reader, self.root = job, reader, root
        self.path = reader.file(root)
        self.content = self.path.read_bytes()
        run = run_in(root)
        self.curve = run.metrics_path.read_bytes()
        self.others = [path.read_bytes() for path in run.written]
        self.is_foreign = root.name == "stranger"
        if job.part == "state":
            for other in set(self.path.parent.iterdir()) - {self.path}:
                other.unlink()  # which would be resumed in the place of a damaged one
        self.value = repr(reader.read(root))
        if self.value == repr(LEFT_OUT):
            raise ValueError(f"{job.part}: the reader leaves out what was written")

    def case(self, number: int) -> list[tuple[str, int, str]]:
        """Read one mutant; return what went wrong."""
        content = self._mutant(self.job.rng(number))
        path = self._write(content)
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        try:
            found = repr(self.reader.read(self.root))
        except USER_ERRORS:
            return []
        except (Exception, TooLongError):
            return [(TRACEBACK, number, f"{traceback.format_exc()}\nof {content[:200]!r}")]
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            if path != self.path:
                path.unlink()
        is_known = not self.is_foreign if not self.reader.is_own_sum else number % 2 == 0
        if self.reader.has_sum and is_known and found not in (self.value, repr(LEFT_OUT)):
            return [(DIFFERENCE, number, f"{found[:200]} in place of {self.value[:200]}")]
        return []

    def _mutant(self, rng: np.random.Generator) -> bytes:
        if self.path.name.endswith(".gz") and rng.random() < 0.7:
            inside = mutated(gzip.decompress(self.content), self.others, rng)
            return gzip.compress(inside, 1, mtime=0)
        return mutated(self.content, self.others, rng)

    def _write(self, content: bytes) -> Path:
        """Write a mutant; a stranger gives a state the name that fits its content."""
        path = self.path
        if self.job.part == "state":
            run_in(self.root).metrics_path.write_bytes(self.curve)
            if self.is_foreign:
                path.unlink(missing_ok=True)
                path = path.with_name(f"{path.stem[:9]}-{sum_of(content)[:16]}.pt")
        path.write_bytes(content)
        return path
