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
    """While entered, record Ctrl-C and SIGTERM, or a queue's signal, instead of raising."""

    def __init__(self) -> None:
        self.requested = False
        self._previous: dict[int, object] = {}
        self._of_queue = [s for s in QUEUE_SIGNALS if callable(signal.getsignal(s))]

    def __enter__(self) -> "StopRequest":
        if threading.current_thread() is threading.main_thread():
            for number in self._of_queue or (signal.SIGINT, signal.SIGTERM):
                self._previous[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def leave(self, folder: Path, step: int) -> NoReturn:
        """Hand over to the queue, or raise Stopped with a line on how to resume."""
        if self._of_queue:
            self.__exit__()
            signal.raise_signal(self._of_queue[0])  # does not return in the first task of a job
            time.sleep(REQUEUE_SECONDS)
        raise Stopped(f"stopped at update {step}, saved in {folder}; the same command resumes it")

    def _note(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.requested = True
