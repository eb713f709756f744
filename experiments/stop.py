"""Signals end a training between two updates, with its state saved.

In a job of a queue (submitit), the queue's own signal saves and then lets the queue take over,
which puts the job back; SIGTERM, which may come before a kill, saves and goes on.
"""

import signal
import threading
import time
from pathlib import Path
from types import FrameType

QUEUE_SIGNALS = signal.SIGUSR1, signal.SIGUSR2  # one is submitit's: preempted, or out of time soon
REQUEUE_SECONDS = 60  # in which the first task of a job ends the others


class Stopped(SystemExit):
    """The run was asked to stop, and can be resumed."""


class StopRequest:
    """While entered, the signals are noted instead of raised; `requested` is the last, or None."""

    def __init__(self) -> None:
        self.requested: int | None = None
        self.in_queue = False
        self._previous: dict[int, object] = {}

    def __enter__(self) -> "StopRequest":
        if threading.current_thread() is threading.main_thread():
            of_queue = [s for s in QUEUE_SIGNALS if callable(signal.getsignal(s))]
            self.in_queue = bool(of_queue)
            for number in (signal.SIGINT, signal.SIGTERM, *of_queue):
                self._previous[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def leave_if_requested(self, folder: Path, step: int) -> None:
        """Raise Stopped with a line on how to go on, or let the queue take over."""
        number, self.requested = self.requested, None
        if number is None or (number == signal.SIGTERM and self.in_queue):
            return
        if number in QUEUE_SIGNALS:
            self.__exit__()
            signal.raise_signal(number)  # leaves here, in the first task of a job
            time.sleep(REQUEUE_SECONDS)
        raise Stopped(f"stopped at update {step}, saved in {folder}; the same command resumes it")

    def _note(self, number: int, frame: FrameType | None) -> None:
        del frame
        self.requested = number
