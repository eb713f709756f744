"""Ctrl-C in a sweep: each running job saves its state, whatever launcher runs it.

A signal does not reach a job in another session, and one that reaches a worker between two jobs
breaks the launcher's pool. Therefore the sweep alone takes the signal, and writes a file into the
folder of every study. Each job looks for the file, and takes it for a Ctrl-C of its own.
"""

import _thread
import logging
import os
import signal
import threading
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker as trackers
from pathlib import Path
from types import FrameType

from joblib.externals.loky.backend import resource_tracker

from experiments.processes.watch import watched
from experiments.settings.errors import Stopped

LOG = logging.getLogger(__name__)
VARIABLE = "FINITE_MEANS_STOP"  # jobs inherit the name of their own sweep's file
NOT_BEGUN = "not begun; the same command runs it"


class SweepInterrupt:
    """While entered, Ctrl-C or SIGTERM asks all jobs to stop; a second one is raised at once.

    Ray sets a handler of its own for SIGTERM, so that only Ctrl-C asks its jobs to stop.

    Args:
        folders: the folders of the studies.
    """

    def __init__(self, folders: Collection[Path]) -> None:
        self.is_requested = False
        os.environ[VARIABLE] = f".stopping-{uuid.uuid4().hex[:12]}"
        self._files = [folder / os.environ[VARIABLE] for folder in folders]

    def __enter__(self) -> "SweepInterrupt":
        for tracker in (trackers, resource_tracker):
            tracker.ensure_running()  # each unblocks SIGINT when it starts
        self._ended = threading.Event()
        self._handlers = {n: signal.signal(n, self._note) for n in (signal.SIGINT, signal.SIGTERM)}
        # Workers inherit the mask, so that the terminal's Ctrl-C does not reach them.
        self._mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        self._watch = threading.Thread(target=self._wait, daemon=True)
        self._watch.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._remove()
        assert self._watch.ident is not None
        signal.pthread_kill(self._watch.ident, signal.SIGINT)
        self._watch.join()
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def _wait(self) -> None:
        while True:
            signal.sigwait({signal.SIGINT})
            if self._ended.is_set():
                return
            _thread.interrupt_main()  # calls _note in the main thread

    def _note(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        if self._ended.is_set():
            return
        if self.is_requested:
            raise KeyboardInterrupt
        self.is_requested = True
        LOG.warning("stopping: running jobs save their states; Ctrl-C again ends them at once")
        for file in self._files:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()

    def _remove(self) -> None:
        os.environ.pop(VARIABLE, None)
        for file in self._files:
            file.unlink(missing_ok=True)


def is_stopping(study_folder: Path) -> bool:
    """Return whether the sweep of this process or job was told to stop."""
    name = os.environ.get(VARIABLE)
    return name is not None and (study_folder / name).exists()


@contextmanager
def interrupted_by_the_sweep(study_folder: Path) -> Iterator[None]:
    """While entered, a Ctrl-C in the sweep interrupts the main thread of this job, once.

    Raises:
        Stopped: the sweep was stopped before the job was begun.
    """
    if is_stopping(study_folder):
        raise Stopped(NOT_BEGUN)
    is_told = False

    def look() -> None:
        nonlocal is_told
        if not is_told and is_stopping(study_folder):
            is_told = True
            _thread.interrupt_main()

    with watched(look):
        yield
