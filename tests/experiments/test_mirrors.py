"""A mirror follows its run folder; failures of a mirror stop no training."""

import json
import logging
import sys
from threading import Event

import pytest

from experiments.tracking.mirrors import Mirror, Tracker, mirrored
from experiments.tracking.source import Source
from tests.experiments.mirrors import (
    own_environment,
)
from tests.processes import run


class Recorder(Tracker):
    """A tracker that records its calls and fails on request."""

    def __init__(self, fails_at=None):
        self.told, self.fails_at = [], fails_at

    def check(self):
        pass

    def begin(self, source):
        self.told = ["begin"]

    def log(self, line):
        self.told.append(line["step"])
        if line["step"] == self.fails_at:
            raise OSError("the disk\nis full")

    def finish(self, source, *, failed):
        self.told.append("failed" if failed else "done")


def write_curve(source, *steps):
    text = "".join(json.dumps({"step": step}) + "\n" for step in steps)
    (source.folder / "metrics.jsonl").write_text(text)


def test_a_curve_that_was_cut_is_mirrored_anew(tmp_path):
    source, recorder = Source(tmp_path, tmp_path, "s", "task"), Recorder()
    mirror = Mirror(recorder, source)
    recorder.begin(source)
    write_curve(source, 1, 2, 3)
    mirror._send()
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 4')  # half a line
    mirror._send()
    assert recorder.told == ["begin", 1, 2, 3]
    write_curve(source, 1, 2)
    mirror._send()
    assert recorder.told == ["begin", 1, 2]
    write_curve(source, 1, 2, 5)
    mirror._send()
    assert recorder.told == ["begin", 1, 2, 5]


def test_a_tracker_that_fails_costs_one_line(tmp_path, caplog):
    source = Source(tmp_path, tmp_path, "s", "task")
    write_curve(source, 1, 2)
    with caplog.at_level(logging.WARNING), mirrored(Recorder(fails_at=1), source):
        pass
    (record,) = caplog.records
    assert record.message == (
        f"tracking: the mirror of {tmp_path.name} is given up (the disk is full)"
    )


def test_a_stop_ends_the_mirror_as_failed(tmp_path):
    source, recorder = Source(tmp_path, tmp_path, "s", "task"), Recorder()
    write_curve(source, 1)
    with pytest.raises(SystemExit), mirrored(recorder, source):
        raise SystemExit
    assert recorder.told == ["begin", 1, "failed"]


def test_a_tracker_that_hangs_does_not_delay_a_run(tmp_path, caplog, monkeypatch):
    """The run goes on whatever the tracker waits for, and is warned once."""
    monkeypatch.setattr("experiments.tracking.mirrors.CLOSE_SECONDS", 0.2)
    woken, abandoned = Event(), []

    class Hanging(Recorder):
        def finish(self, source, *, failed):
            woken.wait()
            raise OSError("too late")

        def abandon(self):
            abandoned.append(1)

    source = Source(tmp_path, tmp_path, "s", "task")
    mirror = Mirror(Hanging(), source)
    with caplog.at_level(logging.WARNING):
        mirror.start()
        mirror.close(failed=False)
        assert mirror.is_alive()
        woken.set()
        mirror.join()
    assert abandoned == [1]
    assert [record.message.split("(")[1] for record in caplog.records] == ["not whole after 0 s)"]


@pytest.mark.slow
def test_a_process_of_wandb_that_hangs_does_not_keep_a_training_from_ending(tmp_path):
    code = f"""
import os, signal, time
from pathlib import Path
import experiments.tracking.mirrors
from experiments.tracking.source import Source
from experiments.tracking.wandb import WandbTracker
experiments.tracking.mirrors.CLOSE_SECONDS = 3
home = Path({str(tmp_path)!r})
tracker = WandbTracker("offline", "p", None)
with experiments.tracking.mirrors.mirrored(tracker, Source(home, home, "s", "t")):
    while tracker._run is None:
        time.sleep(0.1)
    import wandb
    os.kill(wandb.setup().ensure_service()._proc._process.pid, signal.SIGSTOP)
print("went on")
"""
    done = run([sys.executable, "-c", code], env=own_environment())
    assert done.returncode == 0, done.stderr
    assert done.stdout == "went on\n"
    assert "is given up (not whole after 3 s)" in done.stderr
    assert "Traceback" not in done.stderr
