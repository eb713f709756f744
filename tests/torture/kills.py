"""Kills at every rename and at random moments; the same command then gives the same result."""

import ctypes
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.torture.commands import Ended, Started, run
from tests.torture.job import Job
from tests.torture.places import STAGES, Place, apart, contents, leftovers
from tests.torture.tally import DIFFERENCE, LEFTOVER, TRACEBACK

MOMENTS = 50
FIRST_RENAME = 1000  # number of the case of the first rename; random moments have the numbers below
PARTS = tuple(STAGES)
SLICES = 2  # jobs of a part
NO_KILL = -1  # number of the case that nothing kills


class Renames:
    """The renames of a process: counted in a file, and one of them deadly.

    Event 2k is the moment before rename k, event 2k + 1 the moment after it.
    """

    def __init__(self, log: Path, deadly: int | None = None) -> None:
        self.deadly, self.count = deadly, 0
        self.log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)

    def watch(self) -> None:
        """Wrap everything that gives a file or folder another name."""
        import data_gen.replaced

        for name in ("rename", "replace", "link"):
            setattr(os, name, self._wrapped(getattr(os, name)))
        data_gen.replaced._exchange = self._wrapped(data_gen.replaced._exchange)

    def _wrapped(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **options: Any) -> Any:
            self._event()
            try:
                return function(*args, **options)
            finally:
                self._event()

        return wrapped

    def _event(self) -> None:
        if self.count == self.deadly:
            ctypes.CDLL(None).kill(os.getpid(), signal.SIGKILL)
        self.count += 1
        os.write(self.log, b".")


def torture(job: Job) -> None:
    """Kill one stage again and again."""
    stage = STAGES[job.part]
    place, wanted, ended = stage.build(job.work)
    words = stage.words(place)
    log = job.work / "renames"
    place.restore("before")
    counted = run(words, place.said, lambda: Renames(log).watch())
    for name in apart(contents(place.home), wanted):
        job.add(DIFFERENCE, NO_KILL, f"{name} without any kill")
    events = log.stat().st_size
    if counted.code or not events:
        job.add(TRACEBACK, NO_KILL, f"{events} renames seen: {counted.about}")
    seconds = min(ended.seconds, counted.seconds)
    every = [*range(MOMENTS), *(FIRST_RENAME + k for k in range(events))]
    for number in job.numbers(every):
        place.restore("before")
        _kill(job, place, words, number, job.rng(number).random() * seconds)
        _judge(job, number, place, run(words, place.said), wanted)


def _kill(job: Job, place: Place, words: list[str], number: int, moment: float) -> None:
    """Run a command until it is killed; at a random moment it may have ended before."""
    if number < FIRST_RENAME:
        started = Started(words, place.said)
        time.sleep(moment)
        started.kill()
        started.ended()
        return
    log = place.work / "killed"
    ended = run(words, place.said, lambda: Renames(log, number - FIRST_RENAME).watch())
    if ended.code != -signal.SIGKILL:
        job.add(TRACEBACK, number, f"was not killed: {ended.about}")


def _judge(job: Job, number: int, place: Place, again: Ended, wanted: dict[str, bytes]) -> None:
    """Count what is wrong after the second run of a command.

    It may refuse to work, in one line, if the first run had finished the work.
    """
    job.tally.tried += 1
    if not again.is_clean:
        job.add(TRACEBACK, number, again.about)
    for name in apart(contents(place.home), wanted)[:1]:
        job.add(DIFFERENCE, number, f"{name}; the second run: {again.about}")
    for name in leftovers(place.home)[:1]:
        job.add(LEFTOVER, number, name)
