import logging
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from experiments.compare import compare
from experiments.run.folder import RunFolder
from experiments.settings.errors import UserError
from experiments.study.goals import goals_of
from experiments.study.join import current_runs
from experiments.tables.rows import read_table, write_table
from experiments.train import train
from tests.conftest import composed
from tests.experiments.test_tables_and_figures import row


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Make runs of two methods on the same instances, with two seeds of the first method."""
    folder = tmp_path_factory.mktemp("runs")
    sizes = "transfer.sizes=[8,16]"
    for label, seed, changes in (("a", 0, []), ("a", 1, []), ("b", 0, ["model.hidden_dim=8"]),
                                 ("other", 0, ["data_seed=1"])):  # fmt: skip
        config = composed(
            "model=node_mlp", "train.num_steps=20", "train.num_instances=64", "train.sizes=[8]",
            "val.num_instances=8", "val.every=10", "transfer.num_instances=8", sizes,
            f"machine.data_dir={folder}/data", f"machine.runs_dir={folder}", "study=s",
            "machine.num_workers=1", f"label={label}", f"seed={seed}", *changes,
        )  # fmt: skip
        train(config)
    return folder / "s"


def copied(run, copy):
    """Copy a run without the list of what it wrote, so that its files may be changed."""
    return shutil.copytree(run, copy, ignore=shutil.ignore_patterns("SHA256SUMS"))


def pair(runs, caplog, *overrides):
    caplog.set_level(logging.INFO)
    caplog.clear()
    config = composed(f"a={runs}/a-*", f"b={runs}/b-*", *overrides, config_name="compare")
    compare(config)
    return [record.message for record in caplog.records]


def test_two_methods_are_compared_instance_by_instance(runs, caplog):
    who, _, table = pair(runs, caplog, "metric=node_accuracy")
    assert who == "a: a, 2 runs\nb: b, 1 runs"
    line = table.splitlines()[1].split()
    frames = [pd.read_parquet(path) for name in ("a-seed0", "a-seed1", "b-seed0")
              for path in runs.glob(f"{name}*/instances.parquet")]  # fmt: skip
    means = [f[f["size"] == 8]["node_accuracy"].mean() for f in frames]
    assert line[1:3] == ["8", "8"]
    assert float(line[3]) == pytest.approx(np.mean(means[:2]), rel=5e-3)
    assert float(line[4]) == pytest.approx(means[2], rel=5e-3)
    assert pair(runs, caplog, "metric=node_accuracy")[2] == table


def test_methods_that_were_asked_in_different_ways_have_their_task_beside_them(
    runs, caplog, tmp_path
):
    other = tmp_path / "b"
    copied(next(runs.glob("b-seed0-*")), other)
    rows = [replace(r, task="labels") for r in read_table(other / "transfer.csv")]
    write_table(rows, other / "transfer.csv")
    warning, who, *_ = pair(runs, caplog, f"b={other}", "metric=node_accuracy")
    assert warning == "a and b were asked in different ways: test and labels"
    assert who == "a: test/a, 2 runs\nb: labels/b, 1 runs"


def test_a_copy_of_a_run_is_not_another_seed(runs, caplog, tmp_path):
    """A backup, and what a file manager calls a copy, beside the run; or the copies alone."""
    copies = tmp_path / "s"
    shutil.copytree(runs, copies)
    for run in sorted(copies.glob("a-seed0-*")):
        for ending in ("_backup", " (copy)"):
            shutil.copytree(run, run.with_name(run.name + ending))
    assert pair(copies, caplog, "metric=node_accuracy") == [
        f"{copies}/{run.name}{ending} is a copy of {copies}/{run.name}: left out"
        for run in sorted(runs.glob("a-seed0-*"))
        for ending in (" (copy)", "_backup")
    ] + pair(runs, caplog, "metric=node_accuracy")
    joined = current_runs(copies)
    assert sorted(path.name for path in joined) == sorted(p.name for p in current_runs(runs))
    for run in copies.glob("a-seed0-*"):
        if not run.name.endswith((" (copy)", "_backup")):
            shutil.rmtree(run)
    assert len([path for path in current_runs(copies) if path.name.startswith("a-seed0")]) == 1


def test_a_method_against_itself_is_no_better(runs, caplog):
    table = pair(runs, caplog, f"b={runs}/a-seed0-*", f"a={runs}/a-seed0-*")[2]
    assert next(line.split()[-3:] for line in table.splitlines()[1:]) == ["0", "0", "1"]


def test_runs_of_one_method_on_several_instances_are_not_averaged(runs, caplog, tmp_path):
    for run in runs.glob("a-*"):
        copied(run, tmp_path / run.name)
    second = next(tmp_path.glob("a-seed1-*"))
    rows = read_table(second / "transfer.csv")
    write_table([replace(r, data_hash="x") for r in rows], second / "transfer.csv")
    with pytest.raises(
        UserError, match=r"^a must match runs .* the same instances of .* of size 8, got"
    ) as raised:
        pair(runs, caplog, f"a={tmp_path}/a-*")
    assert "\n" not in str(raised.value)
    write_table(rows, second / "transfer.csv")
    frame = pd.read_parquet(second / "instances.parquet")
    frame[frame["index"] < 5].to_parquet(second / "instances.parquet")
    with pytest.raises(UserError, match=r"^a must match runs .* the same instances"):
        pair(runs, caplog, f"a={tmp_path}/a-*")


def test_means_are_over_the_instances_that_both_answer(runs, caplog, tmp_path):
    copy = tmp_path / "b-seed0"
    copied(next(runs.glob("b-seed0-*")), copy)
    scores = pd.read_parquet(copy / "instances.parquet")
    scores.loc[(scores["size"] == 16) | (scores["index"] > 2), "node_accuracy"] = np.nan
    scores.to_parquet(copy / "instances.parquet")
    table = pair(runs, caplog, f"b={copy}", "metric=node_accuracy")[2]
    small, large = [line.split() for line in table.splitlines()[1:3]]
    whole = [pd.read_parquet(path) for path in runs.glob("a-*/instances.parquet")]
    kept = [f[(f["size"] == 8) & (f["index"] < 3)]["node_accuracy"].mean() for f in whole]
    assert small[2] == "3"
    assert float(small[3]) == pytest.approx(np.mean(kept), rel=5e-3)
    assert float(small[5]) == pytest.approx(float(small[3]) - float(small[4]), abs=2e-3)
    assert large[2:] == ["0", *"––––––"]


def test_scores_on_different_instances_are_not_compared(runs, caplog):
    with pytest.raises(UserError, match=r"b must have the same instances of .* as a"):
        pair(runs, caplog, f"b={runs}/other-*")


@pytest.mark.parametrize(
    ("override", "line"),
    [("b=nothing", "b must be a run folder .*, got 'nothing'"),
     ("metric=x", "metric must be one of .*, got 'x'"),
     ("name=later", "there is no such table"), ("name=../x", "name must be .*, got '../x'")],
)  # fmt: skip
def test_a_wrong_key_of_a_pair_is_one_line(runs, caplog, override, line):
    with pytest.raises(UserError, match=line) as raised:
        pair(runs, caplog, override)
    assert "\n" not in str(raised.value)


def test_runs_of_two_configurations_are_not_one_method(runs, caplog):
    with pytest.raises(UserError, match=r"a must match runs of one configuration, got"):
        pair(runs, caplog, f"a={runs}/*")


def test_a_run_without_a_score_is_one_line(runs, caplog, tmp_path):
    copy = tmp_path / "a"
    copied(next(runs.glob("a-seed0-*")), copy)
    write_table([], copy / "transfer.csv")
    with pytest.raises(UserError, match=r"^a must match runs with rows in their tables, got .*$"):
        pair(runs, caplog, f"a={copy}")


def test_damaged_scores_are_one_line(runs, caplog, tmp_path):
    copy = tmp_path / "a-seed0-0"
    copied(next(runs.glob("a-seed0-*")), copy)
    (copy / "instances.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(UserError, match="cannot be read") as raised:
        pair(runs, caplog, f"a={copy}")
    assert "\n" not in str(raised.value)
    frame = pd.read_parquet(next(runs.glob("a-seed0-*/instances.parquet")))
    frame[frame["index"] != 3].to_parquet(copy / "instances.parquet")
    with pytest.raises(UserError, match="are not 0, 1, 2"):
        pair(runs, caplog, f"a={copy}")


def test_the_goals_of_a_run_come_from_its_task(runs, tmp_path, caplog):
    goals = goals_of([next(runs.glob("a-seed0-*"))])
    assert {g.metric: g.perfect for g in goals}["valid"] == 1
    stranger = RunFolder(tmp_path / "x")
    stranger.config_path.parent.mkdir(parents=True)
    stranger.config_path.write_text("task: {_target_: os.system}\nmodel: 1\n")
    write_table([row()], stranger.table_path())
    assert goals_of([stranger.path]) == []
    assert "the goals of its metrics are unknown" in caplog.text
