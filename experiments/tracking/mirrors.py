"""Trackers mirror run folders: all that they show is in files, so nothing is lost with one.

A mirror follows its folder from a thread of its own. It reads the curve as it grows, and the
tables at the end. Training neither calls it nor waits for it; one that fails is given up with a
line, and `python -m experiments.mirror` makes it again.
"""

import json
import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

from omegaconf import DictConfig

from experiments.settings.construct import construct
from experiments.settings.errors import message
from experiments.tracking.source import Source

LOG = logging.getLogger(__name__)
POLL_SECONDS = 1.0  # between two looks at the curve
CLOSE_SECONDS = 60.0  # that the end of a run waits for its mirror at most


class Tracker(ABC):
    """Where mirrors are made, one after the other. Built from `conf/tracking/<name>.yaml`."""

    @abstractmethod
    def check(self) -> None:
        """Raise UserError for what is missing and can be known before any work."""

    @abstractmethod
    def begin(self, source: Source) -> None:
        """Begin a mirror, in the place of any there is of the same source."""

    @abstractmethod
    def log(self, line: dict[str, Any]) -> None:
        """Add a line of the curve: `step` is the number of updates, the others are metrics."""

    @abstractmethod
    def finish(self, source: Source, *, failed: bool) -> None:
        """Add tables and pictures, and end the mirror; of a start that failed, only end it."""

    def abandon(self) -> None:  # noqa: B027  (few have anything to do)
        """Let go of a mirror that failed or hangs, so that this process can exit; never raise."""


class Mirror(Thread):
    """Keeps a tracker like a folder until it is closed; never raises, never holds anyone up."""

    def __init__(self, tracker: Tracker, source: Source) -> None:
        super().__init__(daemon=True, name=f"mirror of {source.name}")
        self.tracker, self.source = tracker, source
        self.sent: list[str] = []
        self.ended, self.failed, self.given_up = Event(), False, False

    def run(self) -> None:
        """Follow the curve; at the end send the rest."""
        try:
            self.tracker.begin(self.source)
            while not self.ended.wait(POLL_SECONDS):
                self._send()
            self._send()
            self.tracker.finish(self.source, failed=self.failed)
        except Exception as error:  # of a disk, a server, a package: training goes on without
            self._give_up(message(error))

    def close(self, *, failed: bool) -> None:
        """Let it end, and wait a little until it has."""
        self.failed = failed
        self.ended.set()
        self.join(CLOSE_SECONDS)
        if self.is_alive():
            self._give_up(f"not whole after {CLOSE_SECONDS:.0f} s")

    def _give_up(self, why: str) -> None:
        """Say so, once."""
        if not self.given_up:
            self.given_up = True
            LOG.warning("tracking: the mirror of %s is given up (%s)", self.source.name, why)
            self.tracker.abandon()

    def _send(self) -> None:
        """The new lines; all of them again if the curve was cut, as a resumed run does."""
        lines = self.source.curve()
        if lines[: len(self.sent)] != self.sent:
            self.tracker.begin(self.source)
            self.sent = []
        for line in lines[len(self.sent) :]:
            self.tracker.log(json.loads(line))
        self.sent = lines


def tracker_of(config: DictConfig) -> Tracker | None:
    """The tracker asked for, None for `off`; raises UserError if it cannot work."""
    node = config.tracking
    if isinstance(node, DictConfig) and not node:
        return None
    tracker: Tracker = construct(node, "tracking", Tracker)
    tracker.check()
    return tracker


@contextmanager
def mirrored(tracker: Tracker | None, source: Source) -> Iterator[None]:
    """While entered, a tracker follows a folder."""
    if tracker is None:
        yield
        return
    mirror = Mirror(tracker, source)
    mirror.start()
    try:
        yield
    except BaseException:  # a stop as well
        mirror.close(failed=True)
        raise
    mirror.close(failed=False)
