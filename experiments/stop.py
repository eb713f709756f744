"""Ctrl-C and SIGTERM end a training between two updates, with its state saved."""

import signal
import threading
from pathlib import Path
from types import FrameType
from typing import NoReturn


class Stopped(SystemExit):
    """The run was asked to stop, and can be resumed."""


class StopRequest:
    """While entered, the two signals are noted instead of raised."""

    def __init__(self) -> None:
        self.requested = False
        self._previous: dict[int, object] = {}

    def __enter__(self) -> "StopRequest":
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._previous[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def leave(self, folder: Path, step: int) -> NoReturn:
        """Raise Stopped with a line on how to go on."""
        raise Stopped(f"stopped at update {step}, saved in {folder}; the same command resumes it")

    def _note(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.requested = True
