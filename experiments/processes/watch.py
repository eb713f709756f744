"""Look at something again and again while other work goes on."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SECONDS = 0.5  # between two looks


@contextmanager
def watched(look: Callable[[], None]) -> Iterator[None]:
    """While entered, call `look` twice a second in a thread."""
    ended = threading.Event()

    def again() -> None:
        while not ended.wait(SECONDS):
            look()

    thread = threading.Thread(target=again, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
