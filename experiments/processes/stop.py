"""Stop a training on a signal, between two updates and with its state saved.

In a job of a queue (submitit) the signal is the queue's own; its handler then requeues the job.
"""

import signal
import threading
import time
from pathlib import Path
from types import FrameType
from typing import NoReturn

from experiments.settings.errors import Stopped

QUEUE_SIGNALS = signal.SIGUSR1, signal.SIGUSR2  # submitit uses one for preemption and timeouts
REQUEUE_SECONDS = 60  # within which the first task of a job ends the others


class StopRequest:
    """While entered, record Ctrl-C, SIGTERM and a queue's signals instead of raising."""

    def __init__(self) -> None:
        self.requested = False
        self.is_requeued = False
        self._previous: dict[int, object] = {}
        self._of_queue = [s for s in QUEUE_SIGNALS if callable(signal.getsignal(s))]

    def __enter__(self) -> "StopRequest":
        if threading.current_thread() is threading.main_thread():
            own = (signal.SIGINT,) if self._of_queue else (signal.SIGINT, signal.SIGTERM)
            for number in (*self._of_queue, *own):
                self._previous[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def leave(self, folder: Path, step: int, *, is_requeued: bool) -> NoReturn:
        """Hand over to the queue, or raise Stopped with a line on how to resume."""
        if is_requeued:
            self.__exit__()
            signal.raise_signal(self._of_queue[0])  # does not return in the first task of a job
            time.sleep(REQUEUE_SECONDS)
        raise Stopped(f"stopped at update {step}, saved in {folder}; the same command resumes it")

    def _note(self, number: int, frame: FrameType | None) -> None:
        del frame
        self.requested = True
        self.is_requeued |= number in self._of_queue
