"""The commands as users start them, in processes of their own."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from experiments.run.folder import RunFolder
from experiments.tables.rows import TIME_COLUMNS, read_table

ROOT = Path(__file__).parents[2]


def command(tmp_path, module, *overrides, runs="runs", data="data"):
    paths = [f"machine.data_dir={tmp_path / data}"]
    if module == "train":
        paths.append(f"machine.runs_dir={tmp_path / runs}")
    return [sys.executable, "-m", f"experiments.{module}", *overrides, *paths]


def run(*arguments, **options):
    return subprocess.run(
        command(*arguments, **options), cwd=ROOT, capture_output=True, text=True, timeout=120
    )


def run_folder(tmp_path, runs="runs"):
    (folder,) = (tmp_path / runs / "default").glob("*-seed*")
    return folder


def table_without_times(path):
    return [
        {name: value for name, value in vars(row).items() if name not in TIME_COLUMNS}
        for row in read_table(path)
    ]


def assert_same_run(one, other):
    assert (one / "weights.safetensors").read_bytes() == (
        other / "weights.safetensors"
    ).read_bytes()
    assert table_without_times(one / "transfer.csv") == table_without_times(other / "transfer.csv")
    for name in ("metrics.jsonl", "instances.parquet"):
        assert (one / name).read_bytes() == (other / name).read_bytes(), name


def kill_when(tmp_path, is_time, *overrides, runs, data):
    """Start a training, SIGKILL it when `is_time()`; fails if it ended before."""
    process = subprocess.Popen(
        command(tmp_path, "train", *overrides, runs=runs, data=data),
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    limit = time.monotonic() + 90
    while not is_time():
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < limit
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def test_same_seed_twice_and_every_kill_give_the_same_bytes(tmp_path, tiny):
    tiny = [
        *tiny,
        "model=linear_messages",
        "train.num_steps=120",
        "train.num_message_passing_steps=[2,5]",
        "train.loss_on_last_steps=2",
        "train.ema_decay=0.9",
        "transfer.num_instances=60",
        "transfer.sizes=[8,16,32,64]",
    ]
    assert run(tmp_path, "train", *tiny).returncode == 0
    reference = run_folder(tmp_path)
    assert (reference / "DONE").exists()

    again = run(tmp_path, "train", *tiny, runs="again", data="again_data")
    assert again.returncode == 0
    assert_same_run(reference, run_folder(tmp_path, "again"))

    data, runs = tmp_path / "killed_data", tmp_path / "killed"
    moments = (
        lambda: len(list(data.glob("*.safetensors"))) > 1,  # in the middle of generation
        lambda: list(runs.glob("default/*/state/*.pt")),  # in the middle of training
        lambda: list(runs.glob("default/*/weights.safetensors")),  # before or in evaluation
    )
    done_before = []
    for is_time in moments:
        kill_when(tmp_path, is_time, *tiny, runs="killed", data="killed_data")
        done_before.append(list(runs.glob("default/*/DONE")))
    assert not any(done_before)
    resumed = run(tmp_path, "train", *tiny, runs="killed", data="killed_data")
    assert resumed.returncode == 0, resumed.stderr
    assert_same_run(reference, run_folder(tmp_path, "killed"))

    third = run(tmp_path, "train", *tiny, runs="killed", data="killed_data")
    assert "nothing to do" in third.stderr


def test_ctrl_c_saves_and_says_how_to_go_on(tmp_path, tiny):
    process = subprocess.Popen(
        command(tmp_path, "train", *tiny, "train.num_steps=1000000", "machine.save_every=1000000"),
        cwd=ROOT, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    limit = time.monotonic() + 90
    curves = (tmp_path / "runs").glob
    while not any(path.stat().st_size for path in curves("default/*/metrics.jsonl")):
        assert time.monotonic() < limit
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, text = process.communicate(timeout=30)
    assert process.returncode != 0
    assert "the same command resumes it" in text
    state = RunFolder(run_folder(tmp_path)).load_state()
    assert state is not None
    assert state["step"] > 0
    lines = (run_folder(tmp_path) / "metrics.jsonl").read_text().splitlines()
    assert json.loads(lines[-1])["step"] <= state["step"]


def test_a_run_is_scored_on_other_cells(tmp_path, tiny):
    """One of a matched size: its folder tells the width, not what it was matched to."""
    assert run(tmp_path, "train", *tiny, "model.match_parameters_of=20000").returncode == 0
    folder = run_folder(tmp_path)
    assert "match_parameters_of" not in (folder / ".hydra" / "config.yaml").read_text()
    assert 18000 <= read_table(folder / "transfer.csv")[0].num_parameters <= 22000
    before = (folder / "transfer.csv").read_bytes()
    done = run(
        tmp_path, "evaluate", f"run={folder}", "name=wide", "transfer.sizes=[10,20]",
        "distribution@transfer.distributions=[grid,delaunay]",
        "edge_weights@transfer.edge_weights=[euclidean,wide_range]", "transfer.num_instances=5",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = read_table(folder / "transfer-wide.csv")
    names = {"grid", "grid (wide_range)", "delaunay", "delaunay (wide_range)"}
    assert {row.distribution for row in rows} == names
    assert {(row.size, row.shift) for row in rows} == {(10, "both"), (20, "both")}
    assert {row.num_instances for row in rows} == {5}
    assert (folder / "transfer.csv").read_bytes() == before
    again = run(tmp_path, "evaluate", f"run={folder}", "name=same", "transfer.sizes=[8]")
    assert again.returncode == 0, again.stderr
    trained = [row for row in table_without_times(folder / "transfer.csv") if row["size"] == 8]
    assert table_without_times(folder / "transfer-same.csv") == trained
