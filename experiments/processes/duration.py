"""How long something takes, in words for a person who waits."""

import time

MINUTE, HOUR, DAY = 60, 3600, 86400


def in_words(seconds: float) -> str:
    """Return a duration in its largest unit: `40 s`, `3 min`, `1.5 h`, `2.3 days`."""
    for unit, name in ((DAY, "days"), (HOUR, "h")):
        if seconds >= 1.5 * unit:
            return f"{seconds / unit:.1f} {name}"
    return f"{seconds / MINUTE:.0f} min" if seconds >= 1.5 * MINUTE else f"{seconds:.0f} s"


class Clock:
    """The time since a work of several equal parts was begun, and the time that is left."""

    def __init__(self, num_done: int) -> None:
        self._began, self._num_before = time.monotonic(), num_done

    @property
    def passed(self) -> float:
        """The seconds since the clock was made."""
        return time.monotonic() - self._began

    def left(self, num_done: int, num_parts: int) -> float:
        """Return the seconds left if the other parts take as long as those done since the start."""
        done = num_done - self._num_before
        return self.passed / done * (num_parts - num_done) if done else float("inf")
