"""Processes started by tests; tests wait until they end, so that a slow machine fails no test."""

import os
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent
LAST_RESORT = 3600  # seconds after which a process counts as hanging


def run(words, **options):
    """Start a process and wait for its end."""
    options = {"cwd": ROOT, "capture_output": True, "text": True, **options}
    return subprocess.run(words, timeout=LAST_RESORT, **options)


def start(words, **options):
    """Start a process whose stderr is read when it ends."""
    return subprocess.Popen(words, stderr=subprocess.PIPE, text=True, **{"cwd": ROOT, **options})


def ended(process):
    """Return exit code and stderr of a process; kill it and fail if it hangs."""
    try:
        _, text = process.communicate(timeout=LAST_RESORT)
    except subprocess.TimeoutExpired:
        process.terminate()
        process.communicate()
        raise
    return process.returncode, text


def wait_until(is_time, process=None):
    """Wait until a condition holds; fail if the process ends before."""
    limit = time.monotonic() + LAST_RESORT
    while not is_time():
        if process is not None and process.poll() is not None:
            raise AssertionError(f"it has ended: {process.communicate()}")
        assert time.monotonic() < limit
        time.sleep(0.005)


@contextmanager
def no_superuser():
    """Become a user from whom files can be withheld, if this one is root."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)
