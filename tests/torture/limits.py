"""Limits: a full disk, folders that cannot be written, few file handles, little memory.

A command under a limit succeeds, or ends with one line and leaves nothing; without the limit the
same command then gives the right result.
"""

import ctypes
import os
import resource
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tests.torture.commands import Ended, run
from tests.torture.job import Job
from tests.torture.places import STAGES, Place, apart, contents, leftovers
from tests.torture.tally import DIFFERENCE, LEFTOVER, TRACEBACK

NUMBERS = 8
NOBODY = 65534
NEW_MOUNTS = 0x20000  # CLONE_NEWNS
STAGES_OF = ("train", "evaluate", "publish_again", "export")
SLICES = 1
PAGE = 4096
SAID = 2048  # bytes that suffice for what a command says, which is a file as well
LARGE = "size=256m"  # of the disk without the limit


class Scene(NamedTuple):
    """The folders and the command that a limit may depend on."""

    place: Place
    needed: int  # bytes that the command writes, about
    rng: np.random.Generator


Prepare = Callable[[], None]


@contextmanager
def file_size(scene: Scene) -> Iterator[Prepare]:
    """Refuse files above a random size, as a full disk does."""
    most = SAID + int(scene.needed ** scene.rng.random())
    yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))


@contextmanager
def full_disk(scene: Scene) -> Iterator[Prepare]:
    """Put the home on a disk with a random number of free bytes."""
    home = scene.place.home
    mount(home, LARGE)
    scene.place.refill("before")
    used = os.statvfs(home)
    taken = (used.f_blocks - used.f_bfree) * used.f_frsize
    free = PAGE * int(scene.rng.integers(1, max(2, 2 * scene.needed // PAGE)))
    mount(home, f"remount,size={taken + free}")
    try:
        yield lambda: None
    finally:
        mount(home, f"remount,{LARGE}")


@contextmanager
def read_only(scene: Scene) -> Iterator[Prepare]:
    """Withhold one folder from a command of another user."""
    home = scene.place.home
    for name in ("outputs", "data", "results", "cnf"):
        (home / name).mkdir(exist_ok=True)
    folders = sorted(path for path in (home, *home.rglob("*")) if path.is_dir())
    chosen = folders[int(scene.rng.integers(len(folders)))]
    _give_to_nobody(home)
    modes = {path: path.stat().st_mode for path in (chosen, *chosen.rglob("*"))}
    for path, mode in modes.items():
        path.chmod(mode & ~0o222)
    try:
        yield become_nobody
    finally:
        for path, mode in modes.items():
            if path.exists():
                path.chmod(mode)
        for name in ("outputs", "data", "results", "cnf"):
            if not any((home / name).iterdir()):
                (home / name).rmdir()


def _give_to_nobody(home: Path) -> None:
    """Give everything to another user, if this one is root, from whom nothing can be withheld."""
    for path in (home, *home.rglob("*")) if os.geteuid() == 0 else ():
        os.lchown(path, NOBODY, NOBODY)


@contextmanager
def file_handles(scene: Scene) -> Iterator[Prepare]:
    """Allow few open files."""
    more = int(scene.rng.integers(1, 24))

    def prepare() -> None:
        most = len(list(Path("/proc/self/fd").iterdir())) + more
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

    yield prepare


@contextmanager
def memory(scene: Scene) -> Iterator[Prepare]:
    """Allow little more memory than the modules take."""
    more = int(2 ** scene.rng.uniform(16, 27))

    def prepare() -> None:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + more
        resource.setrlimit(resource.RLIMIT_AS, (most, most))

    yield prepare


LIMITS = {
    limit.__name__: limit for limit in (file_size, full_disk, read_only, file_handles, memory)
}
PARTS = tuple(f"{limit}-{stage}" for limit in LIMITS for stage in STAGES_OF)


def torture(job: Job) -> None:
    """Run one stage under one limit again and again."""
    name, _, of = job.part.partition("-")
    stage = STAGES[of]
    place, wanted, _ = stage.build(job.work)
    words = stage.words(place)
    before = sum(map(len, contents(job.work / "before").values()))
    needed = max(PAGE, sum(map(len, wanted.values())) - before)
    if name == "full_disk" and (why := mounts_refused(place.home)):
        job.tally.notes[f"{job.part} is not tried"] = why
        return
    for number in job.numbers(range(NUMBERS)):
        place.refill("before")
        with LIMITS[name](Scene(place, needed, job.rng(number))) as prepare:
            ended = run(words, place.said, prepare)
            left = leftovers(place.home)
        _judge(job, number, ended, left)
        again = run(words, place.said)
        _judge(job, number, again, leftovers(place.home))
        for file in apart(contents(place.home), wanted)[:1]:
            told = f"{file}; under the limit: {ended.about}\nwithout it: {again.about}"
            job.add(DIFFERENCE, number, told)
        job.tally.tried += 1


def _judge(job: Job, number: int, ended: Ended, left: list[str]) -> None:
    """Count a traceback, and what a command left."""
    if ended.code < 0 and job.part.startswith("memory"):
        name = signal.Signals(-ended.code).name
        job.tally.notes[f"{job.part} {number}"] = f"native code ended the process by {name}"
        return
    if not ended.is_clean:
        job.add(TRACEBACK, number, ended.about)
    for name in left[:1]:
        job.add(LEFTOVER, number, f"{name}: {ended.about}")


def become_nobody() -> None:
    """Become a user from whom files can be withheld, if this one is root."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)


def mounts_refused(folder: Path) -> str:
    """Give this process mounts of its own, and try one; return why that is refused, or ""."""
    if os.geteuid():
        return "only root can make a small disk"
    if ctypes.CDLL(None, use_errno=True).unshare(NEW_MOUNTS):
        return f"no mounts of one's own: {os.strerror(ctypes.get_errno())}"
    try:
        subprocess.run(["mount", "--make-rprivate", "/"], check=True, capture_output=True)
        mount(folder, LARGE)
    except (OSError, subprocess.CalledProcessError) as error:
        return f"no small disk: {error}"
    return ""


def mount(folder: Path, options: str) -> None:
    """Mount a disk in memory at a folder, or change its size; the first one stays."""
    is_there = folder.is_mount()
    if is_there and "remount" not in options:
        options = f"remount,{options}"
    words = ["mount", "-t", "tmpfs", "-o", options, "torture", str(folder)]
    subprocess.run(words, check=True, capture_output=True)
