"""Commands of the project, forked from a process that has imported everything once.

A forked command does what `python -m experiments.<command>` does; torch need not be imported again.
"""

import atexit
import multiprocessing
import os
import runpy
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.processes import ROOT

COMMANDS = (
    "train", "evaluate", "publish", "export", "report", "mirror", "verify", "severity",
)  # fmt: skip
# The commit is found by whoever asks, also by another user than the owner of the code.
AS_ANYBODY = {
    "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*",
}  # fmt: skip
LAST_RESORT = 120  # seconds after which a command counts as hanging


@dataclass(frozen=True)
class Ended:
    """The end of a command: its exit code, negative for a signal, and what it said."""

    code: int
    text: str
    seconds: float

    @property
    def is_clean(self) -> bool:
        """True if it succeeded, or ended with one line that says why not."""
        return self.code == 0 or (self.code == 1 and self.is_one_line)

    @property
    def is_one_line(self) -> bool:
        """True if exactly the last line is that of an error, and there is no traceback."""
        lines = self.text.strip().splitlines()
        errors = [line.startswith("error: ") for line in lines]
        return "Traceback" not in self.text and sum(errors) == 1 and errors[-1]

    @property
    def about(self) -> str:
        """The exit code and the end of the text."""
        return f"code {self.code} after {self.seconds:.1f} s\n{self.text.strip()}"


class Started:
    """A forked command."""

    def __init__(
        self, words: Sequence[str], said: Path, prepare: Callable[[], None] | None = None
    ) -> None:
        """Fork.

        Args:
            words: the name of the command and its arguments.
            said: the file for what it says.
            prepare: called in the new process before the command.
        """
        self.said, self.began = said, time.monotonic()
        said.write_text("")
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if self.pid == 0:
            _become(words, said, prepare)

    def kill(self) -> None:
        """Kill the command, unless it has ended."""
        os.kill(self.pid, signal.SIGKILL)

    def ended(self, limit: float = LAST_RESORT) -> Ended:
        """Wait for the end; kill a command that hangs, which no test accepts."""
        pause = 0.002
        while True:
            found, status = os.waitpid(self.pid, os.WNOHANG)
            if found:
                code = os.waitstatus_to_exitcode(status)
                text = self.said.read_text(errors="replace")
                return Ended(code, text, time.monotonic() - self.began)
            if time.monotonic() - self.began > limit:
                self.kill()
                limit = LAST_RESORT * 1000
            time.sleep(pause)
            pause = min(1.3 * pause, 0.05)


def run(words: Sequence[str], said: Path, prepare: Callable[[], None] | None = None) -> Ended:
    """Run a command to its end."""
    return Started(words, said, prepare).ended()


def succeed(words: Sequence[str], said: Path) -> Ended:
    """Run a command that must succeed, because what follows is compared with its result."""
    ended = run(words, said)
    if ended.code:
        raise RuntimeError(f"{' '.join(words)}: {ended.about}")
    return ended


def _become(words: Sequence[str], said: Path, prepare: Callable[[], None] | None) -> None:
    """Turn this process into the command; never return."""
    code = 70
    try:
        multiprocessing.process._parent_process = None
        descriptor = os.open(said, os.O_WRONLY | os.O_APPEND)
        for number in (1, 2):
            os.dup2(descriptor, number)
        os.close(descriptor)
        os.chdir(ROOT)
        os.environ |= AS_ANYBODY
        sys.argv = [f"experiments/{words[0]}.py", *words[1:]]
        name = f"experiments.{words[0]}"
        sys.modules.pop(name, None)
        if prepare is not None:
            prepare()
        code = _code_of(name)
    except BaseException:  # the tables of torture must have it
        traceback.print_exc()
    finally:
        os._exit(code)


def _code_of(name: str) -> int:
    """Run a module; return the exit code that an interpreter would return."""
    code: object = 0
    try:
        runpy.run_module(name, run_name="__main__", alter_sys=True)
    except SystemExit as left:
        code = left.code
    except BaseException:
        traceback.print_exc()
        code = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    if isinstance(code, str):
        sys.stderr.write(f"{code}\n")
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return int(code or 0)
