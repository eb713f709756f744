"""Processes that tests start, waited for as long as they live: a slow machine fails no test."""

import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
LAST_RESORT = 3600  # seconds, after which a process hangs


def run(words, **options):
    """Start a process and wait for its end."""
    options = {"cwd": ROOT, "capture_output": True, "text": True, **options}
    return subprocess.run(words, timeout=LAST_RESORT, **options)


def start(words, **options):
    """Start a process whose stderr is read at its end."""
    return subprocess.Popen(words, stderr=subprocess.PIPE, text=True, **{"cwd": ROOT, **options})


def ended(process):
    """Exit code and what it said; one that hangs is an error, and leaves no process behind."""
    try:
        _, text = process.communicate(timeout=LAST_RESORT)
    except subprocess.TimeoutExpired:
        process.terminate()
        process.communicate()
        raise
    return process.returncode, text


def wait_until(is_time, process=None):
    """Wait for what a process does; fails if the process ends before."""
    limit = time.monotonic() + LAST_RESORT
    while not is_time():
        if process is not None and process.poll() is not None:
            raise AssertionError(f"it has ended: {process.communicate()}")
        assert time.monotonic() < limit
        time.sleep(0.005)
