"""The commands as users start them: in their own processes, some of which are killed."""

import json
import logging
import signal

from experiments.evaluate import evaluate_runs
from experiments.run.folder import RunFolder
from experiments.tables.rows import TIME_COLUMNS, read_table
from experiments.train import train
from tests.conftest import composed
from tests.forked import Forked
from tests.processes import ended, wait_until

NAMED = "task_label=test"  # the label of configurations composed in tests


def places(tmp_path, runs="runs", data="data"):
    return [f"machine.data_dir={tmp_path / data}", f"machine.runs_dir={tmp_path / runs}"]


def run_folder(tmp_path, runs="runs"):
    (folder,) = (tmp_path / runs / "default").glob("*-seed*")
    return folder


def table_without_times(path):
    return [
        {
            name: None if value != value else value
            for name, value in vars(row).items()
            if name not in TIME_COLUMNS
        }
        for row in read_table(path)
    ]


def assert_same_run(one, other):
    assert (one / "weights.safetensors").read_bytes() == (
        other / "weights.safetensors"
    ).read_bytes()
    assert table_without_times(one / "transfer.csv") == table_without_times(other / "transfer.csv")
    for name in ("metrics.jsonl", "instances.parquet"):
        assert (one / name).read_bytes() == (other / name).read_bytes(), name


def kill_when(is_time, *overrides):
    """Start a training and SIGKILL it when `is_time()`; fail if it ends before."""
    process = Forked("experiments.train", *overrides)
    wait_until(is_time, process)
    process.kill()
    process.wait()


def test_same_seed_twice_and_every_kill_give_the_same_bytes(tmp_path, tiny, caplog):
    tiny = [
        *tiny,
        NAMED,
        "model=linear_messages",
        "train.num_steps=120",
        "train.num_message_passing_steps=[2,5]",
        "train.loss_on_last_steps=2",
        "train.ema_decay=0.9",
        "transfer.num_instances=60",
        "transfer.sizes=[8,16,32,64]",
    ]
    train(composed(*tiny, *places(tmp_path)))
    reference = run_folder(tmp_path)
    assert (reference / "DONE").exists()

    train(composed(*tiny, *places(tmp_path, "again", "again_data")))
    assert_same_run(reference, run_folder(tmp_path, "again"))

    data, runs = tmp_path / "killed_data", tmp_path / "killed"
    words = [*tiny, *places(tmp_path, "killed", "killed_data")]
    moments = (
        lambda: len(list(data.glob("*.safetensors"))) > 1,  # in the middle of generation
        lambda: list(runs.glob("default/*/state/*.pt")),  # in the middle of training
        lambda: list(runs.glob("default/*/weights.safetensors")),  # before or in evaluation
    )
    done_before = []
    for is_time in moments:
        kill_when(is_time, *words)
        done_before.append(list(runs.glob("default/*/DONE")))
    assert not any(done_before)
    with caplog.at_level(logging.INFO):
        train(composed(*words))
        assert_same_run(reference, run_folder(tmp_path, "killed"))
        assert "nothing to do" not in caplog.text
        train(composed(*words))
    assert "nothing to do" in caplog.text


def test_ctrl_c_saves_and_says_how_to_resume(tmp_path, tiny):
    long = ["train.num_steps=1000000", "machine.save_every=1000000"]
    process = Forked("experiments.train", *tiny, *long, *places(tmp_path))
    curves = (tmp_path / "runs").glob
    wait_until(
        lambda: any(path.stat().st_size for path in curves("default/*/metrics.jsonl")), process
    )
    process.send_signal(signal.SIGINT)
    code, text = ended(process)
    assert code != 0
    assert "the same command resumes it" in text
    state = RunFolder(run_folder(tmp_path)).load_state()
    assert state is not None
    assert state["step"] > 0
    lines = (run_folder(tmp_path) / "metrics.jsonl").read_text().splitlines()
    assert json.loads(lines[-1])["step"] <= state["step"]


def test_a_run_is_scored_on_other_cells(tmp_path, tiny):
    """The run has a matched number of parameters; its folder stores the resulting width."""
    train(composed(*tiny, "model.match_parameters_of=20000", *places(tmp_path)))
    folder = run_folder(tmp_path)
    assert "match_parameters_of" not in (folder / ".hydra" / "config.yaml").read_text()
    assert 18000 <= read_table(folder / "transfer.csv")[0].num_parameters <= 22000
    before = (folder / "transfer.csv").read_bytes()

    def evaluate(*overrides):
        words = [f"run={folder}", *overrides, f"machine.data_dir={tmp_path / 'data'}"]
        evaluate_runs(composed(*words, config_name="evaluate"))

    evaluate(
        "name=wide", "transfer.sizes=[10,20]",
        "distribution@transfer.distributions=[grid,delaunay]",
        "edge_weights@transfer.edge_weights=[euclidean,wide_range]", "transfer.num_instances=5",
    )  # fmt: skip
    rows = read_table(folder / "transfer-wide.csv")
    names = {"grid", "grid (wide_range)", "delaunay", "delaunay (wide_range)"}
    assert {row.distribution for row in rows} == names
    assert {(row.size, row.shift) for row in rows} == {(10, "both"), (20, "both")}
    assert {row.num_instances for row in rows} == {5}
    assert (folder / "transfer.csv").read_bytes() == before
    evaluate("name=same", "transfer.sizes=[8]")
    trained = [row for row in table_without_times(folder / "transfer.csv") if row["size"] == 8]
    assert table_without_times(folder / "transfer-same.csv") == trained
