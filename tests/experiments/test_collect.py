import logging
import re
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import torch
from omegaconf import OmegaConf

from data_gen.summary import CellSummary
from experiments.publish import publish
from experiments.run import curve
from experiments.run.folder import RunFolder
from experiments.run.identity import config_hash
from experiments.run.stored_config import read_config
from experiments.settings.errors import UserError
from experiments.study.join import current_runs, join_study
from experiments.study.same_instances import warn_of_methods
from experiments.study.tables import StudyTables
from experiments.sweep.job import Job
from experiments.sweep.sweeper import join_studies
from experiments.tables.cells import write_cells
from experiments.tables.rows import read_table, write_table
from experiments.train import train
from tests.conftest import composed
from tests.experiments.test_tables_and_figures import row
from tests.processes import no_superuser


def done_run(study, name, **changes):
    """Make a folder like that of a finished run."""
    run = RunFolder(study / name)
    write_table([row(**changes)], run.table_path())
    write_cells([CellSummary("grid", 16, 20, 16.0, 48.0, 3.0, {"hops": 3.0})], run.cells_path())
    run.save_config(OmegaConf.create({"model": 1, "task": 2}))
    run.weights_path.write_text("weights")
    run.finish()
    return run


def publish_config(tmp_path, **changes):
    names = {"study": "s", "runs_dir": str(tmp_path / "outputs"),
             "results_dir": str(tmp_path / "results"), "runs": "*",
             "keep": False}  # fmt: skip
    return OmegaConf.create({**names, **changes})


def test_two_configurations_are_never_pooled_as_seeds(tmp_path, caplog):
    done_run(tmp_path, "a", config_hash="old", seed=0, mean=0.1)
    done_run(tmp_path, "b", config_hash="old", seed=1, mean=0.2)
    done_run(tmp_path, "c", config_hash="new", seed=0, mean=0.9)
    with caplog.at_level(logging.WARNING):
        rows = StudyTables.of_runs(current_runs(tmp_path)).rows
    assert [r.config_hash for r in rows] == ["new"]
    assert sum("another configuration" in record.message for record in caplog.records) == 2


def test_a_sweep_is_joined_in_its_own_configuration_and_published_as_it_was(tmp_path, tiny):
    configs = [
        composed(*tiny, f"machine.runs_dir={tmp_path / 'outputs'}", "study=s",
                 f"machine.data_dir={tmp_path / 'data'}", f"train.num_steps={n}", "val.every=1")
        for n in (1, 2)
    ]  # fmt: skip
    for config in configs:
        train(config)
    study, published = tmp_path / "outputs" / "s", tmp_path / "results" / "s"
    for config in configs:
        job = Job.of([], config)
        join_studies([job], None)
        publish(publish_config(tmp_path))
        for folder in (study, published):
            assert {row.config_hash for row in read_table(folder / "transfer.csv")} == {
                job.config_hash
            }
    assert len({folder.name for folder in study.glob("*/")}) == 2


def test_seeds_of_one_configuration_are_joined_and_each_cell_is_listed_once(tmp_path):
    for seed in range(3):
        done_run(tmp_path, f"run{seed}", seed=seed)
    (tmp_path / "half").mkdir()
    tables = StudyTables.of_runs(current_runs(tmp_path))
    rows, cells = tables.rows, tables.cells
    assert sorted(r.seed for r in rows) == [0, 1, 2]
    assert len(cells) == 1


def test_runs_on_other_instances_are_never_averaged(tmp_path, caplog):
    for seed, data in enumerate(["x", "x", "y"]):
        done_run(tmp_path, f"run{seed}", seed=seed, data_hash=data, mean=0.1 * seed)
    rows = StudyTables.of_runs(current_runs(tmp_path)).rows
    assert sorted(r.seed for r in rows) == [0, 1]
    assert "seeds 2 were scored on other instances of grid 16 than most" in caplog.text


def test_a_run_with_two_sets_of_instances_of_one_name_is_told(tmp_path, caplog):
    run = done_run(tmp_path, "run", data_hash="x", mean=0.1)
    write_table([row(data_hash="y", mean=0.9)], run.table_path("other"))
    assert [r.mean for r in StudyTables.of_runs([run.path]).rows] == [0.1]
    assert "scored on several sets of 20 instances named grid 16: the last" in caplog.text


def test_methods_on_different_instances_are_told(tmp_path, caplog):
    for name, data in (("a", "x"), ("b", "x")):
        done_run(tmp_path, name, model=name, config_hash=name, data_hash=data)
    assert len(StudyTables.of_runs(current_runs(tmp_path)).rows) == 2
    assert "not all methods" not in caplog.text
    done_run(tmp_path, "c", model="c", config_hash="c", data_hash="y")
    assert len(StudyTables.of_runs(current_runs(tmp_path)).rows) == 3
    assert "grid 16: not all methods were scored on the same instances (a@10, b@10; c@10)" in (
        caplog.text
    )


def test_cells_on_which_the_same_methods_differ_are_told_in_one_line(caplog):
    rows = [row(model=model, size=size, data_hash=f"{size} {model in 'ab'}")
            for model in "abc" for size in (8, 16, 32, 64, 128)]  # fmt: skip
    warn_of_methods(rows)
    assert [record.getMessage() for record in caplog.records] == [
        "grid 8, grid 16, grid 32 and 2 more cells: not all methods were scored on the same"
        " instances (a@10, b@10; c@10)"
    ]


def test_a_kept_method_on_other_instances_is_told(tmp_path, caplog):
    mine = done_run(tmp_path / "new", "a", model="a", config_hash="a", data_hash="x")
    other = done_run(tmp_path / "old", "b", model="b", config_hash="b", data_hash="y")
    tables = [StudyTables.of_runs([run.path]) for run in (mine, other)]
    assert "not all methods" not in caplog.text
    assert len(tables[0].with_methods_of(tables[1]).rows) == 2
    assert "grid 16: not all methods were scored on the same instances (a@10; b@10)" in caplog.text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("transfer.csv", b"a,b\n1,2\n"),
        ("transfer.csv", b"a\n" + b"x" * 200_000),
        ("transfer-more.csv", b"\xff"),
        ("cells.csv", b"a,b\n1,2\n"),
        ("metrics.jsonl", b"\xff"),
        ("metrics.jsonl", b'{"step": 1e999, "val/loss": 1}'),
        (".hydra/config.yaml", b"x: [1"),
    ],
)
def test_a_damaged_table_of_one_run_does_not_stop_the_join_of_the_others(
    tmp_path, caplog, name, text
):
    for seed in range(3):
        done_run(tmp_path / "outputs" / "s", f"run{seed}", seed=seed)
    damaged = tmp_path / "outputs" / "s" / "run1"
    (damaged / name).write_bytes(text)
    (tmp_path / "outputs" / "s" / "transfer.csv").write_text("half of a ta")
    join_study(damaged.parent, (), None)
    assert {r.seed for r in read_table(damaged.parent / "transfer.csv")} == {0, 2}
    (line,) = [r.getMessage() for r in caplog.records if "left out: " in r.getMessage()]
    assert line.startswith(f"left out: {damaged / name}")
    assert line.endswith(f"; to train it again, delete {damaged}")
    assert "\n" not in line
    with pytest.raises(UserError, match=re.escape(f"{damaged / name}")):
        publish(publish_config(tmp_path))  # a study in print does not lose a run by accident
    assert not (tmp_path / "results").exists()


def test_if_a_cell_has_two_tables_the_one_with_more_instances_counts(tmp_path):
    run = done_run(tmp_path, "run", num_instances=100, mean=0.5)
    write_table([row(num_instances=1000, mean=0.6)], run.table_path("again"))
    assert [r.mean for r in StudyTables.of_runs([run.path]).rows] == [0.6]
    write_table([row(num_instances=20, mean=0.7)], run.table_path("again"))
    assert [r.mean for r in StudyTables.of_runs([run.path]).rows] == [0.5]


def test_a_study_without_a_run_is_one_line(tmp_path):
    with pytest.raises(UserError, match="there is no complete run"):
        current_runs(tmp_path)


def test_publishing_replaces_the_runs_and_keeps_what_is_cited(tmp_path):
    run = done_run(tmp_path / "outputs" / "s", "new")
    (run.path / "state").mkdir()
    (run.path / "state" / "1.pt").write_text("large")
    stale = tmp_path / "results" / "s" / "runs" / "stale"
    stale.mkdir(parents=True)
    publish(publish_config(tmp_path))
    published = tmp_path / "results" / "s"
    assert [path.name for path in (published / "runs").iterdir()] == ["new"]
    files = {str(p.relative_to(published / "runs" / "new"))
             for p in (published / "runs" / "new").rglob("*") if p.is_file()}  # fmt: skip
    assert files == {".hydra/config.yaml", "weights.safetensors", "transfer.csv", "cells.csv",
                     "DONE", "SHA256SUMS"}  # fmt: skip
    assert read_table(published / "transfer.csv") == [row()]


def test_publishing_may_keep_the_methods_that_were_not_run_again(tmp_path):
    study, target = tmp_path / "outputs" / "s", tmp_path / "results" / "s"
    for model, mean in (("a", 0.1), ("b", 0.2)):
        run = done_run(study, f"{model}-seed0", model=model, mean=mean, config_hash="?")
        run.config_path.write_text(f"model: {model}\ntask: 2\n")
        digest = config_hash(read_config(run.config_path))
        write_table([row(model=model, mean=mean, config_hash=digest)], run.table_path())
    publish(publish_config(tmp_path))
    shutil.rmtree(study / "b-seed0")
    write_table([row(model="a", mean=0.9, config_hash="new")], study / "a-seed0" / "transfer.csv")
    publish(publish_config(tmp_path, keep=True))
    found = {r.model: r.mean for r in read_table(target / "transfer.csv")}
    assert found == {"a": 0.9, "b": 0.2}
    assert sorted(path.name for path in target.glob("runs/*")) == ["a-seed0", "b-seed0"]
    assert [path.stem for path in target.glob("configurations/*")] == [digest]
    publish(publish_config(tmp_path))
    assert [r.model for r in read_table(target / "transfer.csv")] == ["a"]


def test_publishing_may_leave_folders_out_but_no_row(tmp_path):
    done_run(tmp_path / "outputs" / "s", "m-seed0", seed=0)
    done_run(tmp_path / "outputs" / "s", "m-seed1", seed=1)
    publish(publish_config(tmp_path, runs="*-seed1"))
    published = tmp_path / "results" / "s"
    assert [path.name for path in (published / "runs").iterdir()] == ["m-seed1"]
    assert len(read_table(published / "transfer.csv")) == 2
    with pytest.raises(UserError, match=r"runs must match the name of a run .*, got 'x\*'"):
        publish(publish_config(tmp_path, runs="x*"))
    assert [path.name for path in (published / "runs").iterdir()] == ["m-seed1"]


def test_the_configuration_of_every_row_is_published_without_local_paths(tmp_path):
    for seed, size in ((0, 3), (1, 3), (0, 4)):
        config = OmegaConf.create({"model": size, "task": 2, "seed": seed})
        method = {"model": f"m{size}", "seed": seed, "config_hash": config_hash(config)}
        run = done_run(tmp_path / "outputs" / "s", f"m{size}-seed{seed}", **method)
        run.config_path.unlink()
        config.machine = {"runs_dir": "/home/someone"}
        run.save_config(config)
    done_run(tmp_path / "outputs" / "s", "changed", model="m5", config_hash="changed")
    published = tmp_path / "results" / "s"
    (published / "configurations").mkdir(parents=True)
    (published / "configurations" / "stale.yaml").write_text("")
    publish(publish_config(tmp_path, runs="m3-seed0"))
    found = sorted((published / "configurations").iterdir())
    hashes = {r.config_hash for r in read_table(published / "transfer.csv")}
    assert len(hashes) == 3
    assert {path.stem for path in found} == hashes - {"changed"}
    for path in found:
        assert config_hash(read_config(path)) == path.stem
        assert "runs_dir: outputs" in path.read_text()
    assert not list(published.glob("*.new"))


def test_publishing_nothing_destroys_nothing(tmp_path):
    old = tmp_path / "results" / "s" / "runs" / "old"
    old.mkdir(parents=True)
    with pytest.raises(UserError, match="there is no complete run"):
        publish(publish_config(tmp_path))
    with pytest.raises(UserError, match="than where the runs are"):
        publish(publish_config(tmp_path, runs_dir=str(tmp_path / "results")))
    assert old.exists()


def test_a_run_folder_is_locked_while_it_is_worked_on_and_free_afterwards(tmp_path):
    run = RunFolder(tmp_path / "run")
    with run.locked(), pytest.raises(UserError, match="another process"), run.locked():
        pass
    with run.locked():
        pass


def test_a_state_that_cannot_be_read_is_left_out(tmp_path, caplog):
    run = RunFolder(tmp_path / "run")
    for step in (1, 2):
        run.save_state(step, {"step": step, "of": torch.arange(64.0)})
    good, damaged = sorted((run.path / "state").iterdir())
    content = bytearray(damaged.read_bytes())
    content[content.index(torch.arange(64.0).numpy().tobytes()) + 9] ^= 0x20
    damaged.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert run.load_state()["step"] == 1
    assert f"left out: {damaged}: the state is damaged" in caplog.text
    run.save_state(1, {"step": 1})
    assert damaged not in (run.path / "state").iterdir()
    assert good in (run.path / "state").iterdir()


def test_equal_states_are_equal_bytes(tmp_path):
    run, model = RunFolder(tmp_path / "run"), torch.nn.Linear(2, 2)
    state = {"step": 1, "model": model.state_dict(), "name": "weight", "rates": [("weight", 1)]}
    run.save_state(1, state)
    (path,) = (run.path / "state").iterdir()
    content = path.read_bytes()
    path.unlink()
    run.save_state(1, {**state, "name": "".join(["we", "ight"])})  # equal, and another object
    assert path.read_bytes() == content
    found = run.load_state()
    assert found["model"]._metadata == model.state_dict()._metadata
    path.unlink()
    run.save_state(1, found)
    assert path.read_bytes() == content


@pytest.mark.parametrize("change", [lambda text: text.replace("0.5", "0.4"), lambda text: ""])
def test_a_state_whose_curve_was_changed_is_left_out(tmp_path, caplog, change):
    run = RunFolder(tmp_path / "run")
    run.path.mkdir()
    for step, loss in ((1, 0.7), (2, 0.5)):
        curve.add(run.metrics_path, {"step": step, "val/loss": loss})
        run.save_state(step, {"step": step})
    curve.add(run.metrics_path, {"step": 3, "val/loss": 0.4})  # written after the last state
    assert run.load_state()["step"] == 2
    run.metrics_path.write_text(change(run.metrics_path.read_text()))
    found = run.load_state()
    assert found is None if not run.metrics_path.read_text() else found["step"] == 1
    assert "metrics.jsonl is not the curve up to this state" in caplog.text


def test_weights_that_may_not_be_read_are_not_called_missing():
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        run = RunFolder(Path(folder))
        run.save_weights(torch.nn.Linear(1, 1).state_dict())
        run.weights_path.chmod(0)
        with no_superuser(), pytest.raises(UserError, match=r"read .*Permission denied"):
            run.load_weights(torch.nn.Linear(1, 1))


def test_a_stored_configuration_reads_nothing_from_its_surroundings(tmp_path):
    run = RunFolder(tmp_path / "run")
    run.config_path.parent.mkdir(parents=True)
    run.config_path.write_text("task: 1\nmodel: 2\nlabel: ${oc.env:HOME}\n")
    with pytest.raises(UserError, match="interpolation"):
        run.load_config()
    run.config_path.write_text("task: [1\n")
    with pytest.raises(UserError, match="cannot be read") as raised:
        run.load_config()
    assert "\n" not in str(raised.value)
