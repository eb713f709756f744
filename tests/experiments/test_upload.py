"""Runs are uploaded during or after their training; a training never waits for a server."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.experiments.mirrors import (
    assert_whole,
    folders,
    lines_of,
    own_environment,
    the_mirror,
    the_run,
)
from tests.experiments.wandb_server import running
from tests.processes import LAST_RESORT, ROOT, run, wait_until

KEY = "0123456789" * 4
WAITING = """
import time
from pathlib import Path
from experiments.settings.command import start
from experiments.run.fit import Fit
from experiments.train import train
validate = Fit._validate
def validate_and_wait(self, *arguments):
    validate(self, *arguments)
    while self.step == 100 and Path("{}").exists():
        time.sleep(0.05)
Fit._validate = validate_and_wait
start("train", train)
"""  # half way it waits for as long as a file is there
AWAY = "http://127.0.0.1:9"  # refuses connections


def train_online(tmp_path, url, *overrides):
    """Run a training that uploads; return its output."""
    places = [*folders(tmp_path), "tracking=wandb", "tracking.mode=online"]
    done = run([sys.executable, "-m", "experiments.train", *overrides, *places], env=online(url))
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def online(url):
    return {**own_environment(), "WANDB_BASE_URL": url, "WANDB_API_KEY": KEY}


@pytest.mark.slow
def test_an_unreachable_server_does_not_affect_a_run_and_is_sent_it_later(tmp_path, tiny):
    text = train_online(tmp_path, AWAY, *tiny)
    assert not {"tracking", "wandb"} & set(re.findall(r"\w+", text))
    mirror = the_mirror(tmp_path)
    assert_whole(mirror, the_run(tmp_path))
    log = mirror / "logs" / "upload.log"
    wait_until(lambda: "setting up run" in log.read_text())  # the upload never gets further
    with running() as server:
        command = [sys.executable, "-m", "wandb", "sync", "--yes", str(mirror)]
        run(command, env=online(server.url), check=True)
    assert server.steps() == [line["step"] for line in lines_of(the_run(tmp_path))]
    (table,) = (mirror / "files" / "media" / "table").iterdir()
    assert server.files[f"media/table/{table.name}"] == table.read_bytes()
    assert processes_with(mirror)
    shutil.rmtree(mirror)  # as a later start does
    wait_until(lambda: not processes_with(mirror))  # the upload of a deleted run ends


@pytest.mark.slow
def test_a_reachable_server_is_sent_the_curve_while_it_grows(tmp_path, tiny):
    with running() as server:
        (tmp_path / "wait").touch()
        words = [*tiny, "train.num_steps=200", "val.every=20"]
        start = [sys.executable, "-c", WAITING.format(tmp_path / "wait"), *words]
        places = [*folders(tmp_path), "tracking=wandb", "tracking.mode=online"]
        training = subprocess.Popen([*start, *places], cwd=ROOT, env=online(server.url))
        wait_until(server.steps, training)
        (tmp_path / "wait").unlink()
        assert training.wait(timeout=LAST_RESORT) == 0
        mirror = the_mirror(tmp_path)
        wait_until(lambda: not processes_with(mirror))  # the upload ends when the run is complete
    assert server.steps() == [line["step"] for line in lines_of(the_run(tmp_path))]
    assert len(server.offsets) > 1
    assert list(mirror.glob("*.wandb.synced"))
    assert any(name.startswith("media/table/") for name in server.files)


def processes_with(path):
    """Return the processes with a path in their command."""
    found = []
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(path).encode() in command.read_bytes():
                found.append(command.parent.name)
        except OSError:  # the process has ended meanwhile
            continue
    return found
