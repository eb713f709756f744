"""Mirrors are read back from the files that trackers write."""

import dataclasses
import json
import logging
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Event

import pytest
from omegaconf import OmegaConf

from experiments.collect import CollectStudy
from experiments.errors import UserError
from experiments.run_folder import RunFolder, config_hash
from experiments.source import Source, source_of_run, summary
from experiments.table import read_table
from experiments.track import track
from experiments.tracking import Mirror, Tracker, mirrored, tracker_of
from experiments.train import train
from tests.conftest import composed
from tests.experiments import wandb_files
from tests.experiments.test_collect import done_run
from tests.experiments.test_tables_and_figures import row
from tests.experiments.wandb_server import running

ROOT = Path(__file__).parents[2]
KEY = "0123456789" * 4
AWAY = "http://127.0.0.1:9"  # refuses


def folders(tmp_path):
    return [f"machine.runs_dir={tmp_path}/runs", f"machine.data_dir={tmp_path}/data"]


def own_environment():
    """Without the connection that this process has, if another test has made one."""
    return {name: value for name, value in os.environ.items() if name != "WANDB_SERVICE"}


def the_run(tmp_path):
    (folder,) = (tmp_path / "runs" / "default").glob("*-seed*")
    return folder


def the_mirror(tmp_path, study="default"):
    (mirror,) = (tmp_path / "runs" / study / "wandb").glob("offline-run-*")
    return mirror


def lines_of(run):
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def without_nan(values):
    return [None if isinstance(v, float) and math.isnan(v) else v for v in values]


def assert_whole(mirror, run):
    """Every line of the curve, every row of the table, the means as a summary, a good end."""
    sent = wandb_files.history(mirror)
    assert [line for line in sent if "step" in line] == lines_of(run)
    rows = read_table(run / "transfer.csv")
    columns, data = wandb_files.table(mirror)
    assert columns == [field.name for field in dataclasses.fields(rows[0])]
    assert data == [without_nan(vars(row).values()) for row in rows]
    final = wandb_files.summary(mirror)
    assert {key: final[key] for key in summary(rows)} == summary(rows)
    by_size = [line for line in sent if "size" in line]
    assert [line["size"] for line in by_size] == sorted({row.size for row in rows})
    assert wandb_files.exit_code(mirror) == 0


def test_an_offline_run_has_the_config_every_line_and_every_row(tmp_path, tiny, capfd):
    train(composed(*tiny, *folders(tmp_path), "tracking=wandb"))
    run, mirror = the_run(tmp_path), the_mirror(tmp_path)
    assert len(lines_of(run)) == 4
    assert_whole(mirror, run)
    stored = OmegaConf.to_container(RunFolder(run).load_config())
    assert "tracking" not in stored
    assert wandb_files.configuration(mirror) == stored
    told = wandb_files.run_record(mirror)
    assert (told.display_name, told.run_group, told.job_type) == (run.name, "default", "test")
    assert list(told.tags) == ["test", "tiny", "geographic_threshold", "sizes 8-9"]
    assert "wandb" not in "".join(capfd.readouterr())


def test_a_killed_run_ends_with_one_mirror_of_the_whole_curve(tmp_path, tiny):
    overrides = [*tiny, *folders(tmp_path), "tracking=wandb", "train.num_steps=1500",
                 "val.every=50", "machine.save_every=100", "task_label=test"]  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "experiments.train", *overrides], cwd=ROOT,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=own_environment(),
    )  # fmt: skip
    limit = time.monotonic() + 120
    mirrors, states = (tmp_path / "runs").glob, (tmp_path / "runs").glob
    while not (list(mirrors("*/wandb/offline*/*.wandb")) and list(states("*/*/state/*.pt"))):
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < limit
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert wandb_files.exit_code(the_mirror(tmp_path)) is None
    train(composed(*overrides))
    assert len(lines_of(the_run(tmp_path))) == 30
    assert_whole(the_mirror(tmp_path), the_run(tmp_path))


def train_online(tmp_path, url, *overrides):
    """A training that uploads; gives what it printed."""
    places = [*folders(tmp_path), "tracking=wandb", "tracking.mode=online"]
    done = subprocess.run(
        [sys.executable, "-m", "experiments.train", *overrides, *places], cwd=ROOT,
        env=online(url), capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def online(url):
    return {**own_environment(), "WANDB_BASE_URL": url, "WANDB_API_KEY": KEY}


def test_a_server_that_is_away_takes_nothing_from_a_run_and_is_sent_it_later(tmp_path, tiny):
    text = train_online(tmp_path, AWAY, *tiny)
    assert not {"tracking", "wandb"} & set(re.findall(r"\w+", text))
    mirror, limit = the_mirror(tmp_path), time.monotonic() + 90
    assert_whole(mirror, the_run(tmp_path))
    log = mirror / "logs" / "upload.log"
    while "setting up run" not in log.read_text():  # and never gets further
        assert time.monotonic() < limit
        time.sleep(0.1)
    with running() as server:
        command = [sys.executable, "-m", "wandb", "sync", "--yes", str(mirror)]
        subprocess.run(command, env=online(server.url), check=True, capture_output=True, timeout=60)
    assert server.steps() == [line["step"] for line in lines_of(the_run(tmp_path))]
    (table,) = (mirror / "files" / "media" / "table").iterdir()
    assert server.files[f"media/table/{table.name}"] == table.read_bytes()
    assert processes_with(mirror)
    shutil.rmtree(mirror)  # as a later start does
    while processes_with(mirror):
        assert time.monotonic() < limit, "what uploads a run that is gone has to end"
        time.sleep(0.1)


@pytest.mark.slow
def test_a_server_that_is_there_is_sent_the_curve_while_it_grows(tmp_path, tiny):
    with running() as server:
        train_online(tmp_path, server.url, *tiny, "train.num_steps=6000", "val.every=100")
        mirror, limit = the_mirror(tmp_path), time.monotonic() + 60
        while processes_with(mirror):
            assert time.monotonic() < limit, "an upload ends when the run is whole"
            time.sleep(0.1)
    assert server.steps() == [line["step"] for line in lines_of(the_run(tmp_path))]
    assert len(server.offsets) > 1
    assert list(mirror.glob("*.wandb.synced"))
    assert any(name.startswith("media/table/") for name in server.files)


def processes_with(path):
    """The processes that have a path in their command."""
    found = []
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(path).encode() in command.read_bytes():
                found.append(command.parent.name)
        except OSError:  # ended meanwhile
            continue
    return found


def test_without_a_tracker_none_is_imported(tmp_path, tiny):
    code = (
        "import sys; from experiments.cli import start; from experiments.train import train\n"
        "start('train', train)\n"
        "print(sorted({'wandb', 'tensorboard', 'torch.utils.tensorboard'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *tiny, *folders(tmp_path)], cwd=ROOT, capture_output=True,
        text=True, timeout=120,
    )  # fmt: skip
    assert done.stdout.strip() == "[]", done.stderr
    assert sorted(path.name for path in (tmp_path / "runs" / "default").iterdir()) == [
        the_run(tmp_path).name
    ]


def test_who_looks_on_is_not_part_of_a_runs_identity(tmp_path):
    hashes = {config_hash(composed(f"tracking={name}")) for name in ("off", "wandb", "tensorboard")}
    assert hashes == {config_hash(OmegaConf.masked_copy(c := composed(), set(c) - {"tracking"}))}
    folder = RunFolder(tmp_path)
    folder.save_config(composed("tracking=wandb"))
    assert "tracking" not in folder.load_config()


class Recorder(Tracker):
    """Keeps what it is told; fails when asked to."""

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


def test_a_tracker_that_hangs_holds_nobody_up(tmp_path, caplog, monkeypatch):
    """Whatever it waits for, the run goes on, and is told of once."""
    monkeypatch.setattr("experiments.tracking.CLOSE_SECONDS", 0.2)
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
import experiments.tracking
from experiments.source import Source
from experiments.trackers.wandb import WandbTracker
experiments.tracking.CLOSE_SECONDS = 3
home = Path({str(tmp_path)!r})
tracker = WandbTracker("offline", "p", None)
with experiments.tracking.mirrored(tracker, Source(home, home, "s", "t")):
    while tracker._run is None:
        time.sleep(0.1)
    import wandb
    os.kill(wandb.setup().ensure_service()._proc._process.pid, signal.SIGSTOP)
print("went on")
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=own_environment(), capture_output=True,
        text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == "went on\n"
    assert "is given up (not whole after 3 s)" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["wandb", "tracking.mode=live"], ["tracking", "live", "offline and online"]),
        (["wandb", "tracking.mode=null"], ["tracking.mode", "None"]),
        (["wandb", "tracking.project=3"], ["tracking.project", "3", "a text"]),
        (["wandb", "+tracking.colour=red"], ["tracking.colour", "red", "project"]),
        (["wandb", "tracking._target_=os.system"], ["tracking._target_", "os.system"]),
        (
            ["tensorboard", "tracking._target_=data_gen.distributions.grid.Grid"],
            ["tracking._target_", "Grid", "Tracker"],
        ),
        (["wandb", "tracking.mode=online"], ["tracking.mode", "online", "WANDB_API_KEY"]),
    ],
)
def test_a_wrong_value_is_one_line(overrides, words, monkeypatch, tmp_path):
    for name in ("WANDB_API_KEY", "WANDB_IDENTITY_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    with pytest.raises(UserError) as raised:
        tracker_of(composed(f"tracking={overrides[0]}", *overrides[1:]))
    text = str(raised.value)
    assert "\n" not in text
    for word in words:
        assert word in text


def test_runs_that_were_trained_without_are_mirrored(tmp_path):
    run = ROOT / "results/quickstart/runs/demo-seed0-c1f451f5"
    config = composed(f"run={run}", f"machine.runs_dir={tmp_path}/runs", config_name="track")
    track(config)
    first = the_mirror(tmp_path, "quickstart")
    track(config)
    mirror = the_mirror(tmp_path, "quickstart")
    assert wandb_files.run_record(mirror).run_id == first.name.split("-")[-1]
    assert [line for line in wandb_files.history(mirror) if "step" in line] == lines_of(run)
    tables = [read_table(run / name) for name in ("transfer.csv", "transfer-large.csv")]
    assert len(wandb_files.table(mirror)[1]) == sum(map(len, tables))
    final = wandb_files.summary(mirror)
    assert {f"transfer/grid/{size}/valid@1x" for size in (16, 32, 64, 128, 256)} <= set(final)
    assert "transfer/grid/64/valid" in final


def test_a_study_is_mirrored_with_its_table_figures_and_animations(tmp_path):
    study = ROOT / "results/nbody_cpu"
    config = composed(f"study={study}", f"machine.runs_dir={tmp_path}/runs", config_name="track")
    track(config)
    mirror = the_mirror(tmp_path, "nbody_cpu")
    assert wandb_files.run_record(mirror).job_type == "study"
    assert len(wandb_files.table(mirror)[1]) == len(read_table(study / "transfer.csv"))
    media = {path.read_bytes() for path in (mirror / "files/media").rglob("*") if path.is_file()}
    pictures = [*study.glob("*.png"), *study.glob("*.gif")]
    assert len(pictures) == 9
    assert all(path.read_bytes() in media for path in pictures)
    keys = {key.rsplit("/", 1)[0] for line in wandb_files.history(mirror) for key in line}
    assert {f"figure/{path.name}" for path in pictures} <= keys


def test_a_sweep_that_ends_mirrors_its_study(tmp_path):
    done_run(tmp_path / "runs" / "s", "run")
    config = composed("tracking=wandb", "study=s", f"machine.runs_dir={tmp_path}/runs")
    CollectStudy().on_multirun_end(config)
    mirror = the_mirror(tmp_path, "s")
    assert wandb_files.table(mirror)[1] == [without_nan(vars(row()).values())]
    assert wandb_files.run_record(mirror).job_type == "study"


def test_tensorboard_has_curves_sizes_and_animations(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run = ROOT / "results/quickstart/runs/demo-seed0-c1f451f5"
    study = ROOT / "results/nbody_cpu"
    overrides = [f"run={run}", f"study={study}", f"machine.runs_dir={tmp_path}"]
    track(composed(*overrides, "tracking=tensorboard", config_name="track"))
    events = EventAccumulator(str(tmp_path / "quickstart" / "tensorboard" / run.name)).Reload()
    points = [(event.step, event.value) for event in events.Scalars("val/loss")]
    assert points == [(line["step"], pytest.approx(line["val/loss"])) for line in lines_of(run)]
    sizes = [event.step for event in events.Scalars("by_size/grid/valid@1x")]
    assert sizes == [16, 32, 64, 128, 256]
    events = EventAccumulator(str(tmp_path / "nbody_cpu" / "tensorboard" / "nbody_cpu")).Reload()
    (image,) = events.Images("figure/rollout_gravity.gif")
    assert image.encoded_image_string == (study / "rollout_gravity.gif").read_bytes()


def test_a_strangers_study_is_no_path(tmp_path):
    config = OmegaConf.create({"study": "../../home", "task_label": "t", "model": 1, "task": 2})
    with pytest.raises(UserError, match=r"config\.yaml: study and task_label are not names"):
        source_of_run(RunFolder(tmp_path), config, tmp_path)
