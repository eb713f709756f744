"""Trackers mirror run folders: everything that a tracker shows is in files, so nothing can be lost.

A mirror follows its folder in a separate thread. It reads the training curve as it grows, and the
tables at the end. Training neither calls a mirror nor waits for it. A mirror that fails is given up
with a warning; `python -m experiments.mirror` makes it again.
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
POLL_SECONDS = 1.0  # between two readings of the curve
CLOSE_SECONDS = 60.0  # for which the end of a run waits for its mirror at most


class Tracker(ABC):
    """A tool that shows mirrors, made one at a time. Built from `conf/tracking/<name>.yaml`."""

    is_disabled = False  # true: as without a tracker

    @abstractmethod
    def check(self) -> None:
        """Raise UserError for a missing package or key, before any work."""

    @abstractmethod
    def begin(self, source: Source) -> None:
        """Begin a mirror, and replace an existing one of the same source."""

    @abstractmethod
    def log(self, line: dict[str, Any]) -> None:
        """Add a line of the curve: `step` is the number of updates, all else are metrics."""

    @abstractmethod
    def finish(self, source: Source, *, failed: bool) -> None:
        """Add tables and pictures, and end the mirror; only end it if the run failed."""

    def abandon(self) -> None:  # noqa: B027  (few have anything to do)
        """Release a mirror that failed or hangs, so that this process can exit; never raise."""


class Mirror(Thread):
    """A thread that keeps a tracker up to date with a folder; it never raises or blocks others."""

    def __init__(self, tracker: Tracker, source: Source) -> None:
        super().__init__(daemon=True, name=f"mirror of {source.name}")
        self.tracker, self.source = tracker, source
        self.sent: list[str] = []
        self.ended, self.failed, self.given_up = Event(), False, False

    def run(self) -> None:
        """Follow the curve, and send tables and pictures at the end."""
        try:
            self.tracker.begin(self.source)
            while not self.ended.wait(POLL_SECONDS):
                self._send()
            self._send()
            self.tracker.finish(self.source, failed=self.failed)
        except Exception as error:  # of a disk, a server or a package: training continues
            self._give_up(message(error))

    def close(self, *, failed: bool) -> None:
        """End the mirror, and wait a while for it."""
        self.failed = failed
        self.ended.set()
        self.join(CLOSE_SECONDS)
        if self.is_alive():
            self._give_up(f"not whole after {CLOSE_SECONDS:.0f} s")

    def _give_up(self, why: str) -> None:
        """Abandon the mirror, and log that once."""
        if not self.given_up:
            self.given_up = True
            LOG.warning("tracking: the mirror of %s is given up (%s)", self.source.name, why)
            self.tracker.abandon()

    def _send(self) -> None:
        """Send the new lines, or all lines again if a resumed run has cut the curve."""
        lines = self.source.curve()
        if lines[: len(self.sent)] != self.sent:
            self.tracker.begin(self.source)
            self.sent = []
        for line in lines[len(self.sent) :]:
            self.tracker.log(json.loads(line))
        self.sent = lines


def tracker_of(config: DictConfig) -> Tracker | None:
    """Build the configured tracker, or None for `off` and for one that is disabled.

    Raises:
        UserError: the configuration is wrong, or a package or key is missing.
    """
    node = config.tracking
    if isinstance(node, DictConfig) and not node:
        return None
    tracker: Tracker = construct(node, "tracking", Tracker)
    if tracker.is_disabled:
        return None
    tracker.check()
    return tracker


@contextmanager
def mirrored(tracker: Tracker | None, source: Source) -> Iterator[None]:
    """While entered, mirror a folder to the tracker."""
    if tracker is None:
        yield
        return
    mirror = Mirror(tracker, source)
    mirror.start()
    try:
        yield
    except BaseException:  # includes a stop
        mirror.close(failed=True)
        raise
    mirror.close(failed=False)
