"""The command that mirrors existing runs and studies."""

import pytest
from omegaconf import OmegaConf

from experiments.mirror import mirror
from experiments.run.folder import RunFolder
from experiments.settings.errors import UserError
from experiments.study.join import join_study
from experiments.tables.rows import Row, columns_of, read_table
from experiments.tracking.mirrors import tracker_of
from experiments.tracking.source import source_of_run
from tests.conftest import ROOT, composed
from tests.experiments import wandb_files
from tests.experiments.mirrors import (
    lines_of,
    the_mirror,
    without_nan,
)
from tests.experiments.test_collect import done_run
from tests.experiments.test_tables_and_figures import row


def test_runs_that_were_trained_without_a_tracker_are_mirrored(tmp_path):
    run = next((ROOT / "results/quickstart/runs").glob("demo-seed0-*"))
    config = composed(f"run={run}", f"machine.runs_dir={tmp_path}/runs", config_name="mirror")
    mirror(config)
    first = the_mirror(tmp_path, "quickstart")
    mirror(config)
    made = the_mirror(tmp_path, "quickstart")
    assert wandb_files.run_record(made).run_id == first.name.split("-")[-1]
    assert [line for line in wandb_files.history(made) if "step" in line] == lines_of(run)
    tables = [
        read_table(run / name)
        for name in ("transfer.csv", "transfer-large.csv", "transfer-deep.csv")
    ]
    assert len(wandb_files.table(made)[1]) == sum(map(len, tables))
    final = wandb_files.summary(made)
    assert {f"transfer/grid/{size}/valid" for size in (16, 32, 64, 128, 256)} <= set(final)
    assert "transfer/grid/64/valid@1x" in final


def test_a_study_is_mirrored_with_its_table_figures_and_animations(tmp_path):
    study = ROOT / "results/nbody_cpu"
    config = composed(f"study={study}", f"machine.runs_dir={tmp_path}/runs", config_name="mirror")
    mirror(config)
    made = the_mirror(tmp_path, "nbody_cpu")
    assert wandb_files.run_record(made).job_type == "study"
    assert len(wandb_files.table(made)[1]) == len(read_table(study / "transfer.csv"))
    media = {path.read_bytes() for path in (made / "files/media").rglob("*") if path.is_file()}
    pictures = [*study.glob("*.png"), *study.glob("*.gif")]
    assert len(pictures) == 9
    assert all(path.read_bytes() in media for path in pictures)
    keys = {key.rsplit("/", 1)[0] for line in wandb_files.history(made) for key in line}
    assert {f"figure/{path.name}" for path in pictures} <= keys


def test_a_sweep_that_ends_mirrors_its_study(tmp_path):
    done_run(tmp_path / "runs" / "s", "run")
    config = composed("tracking=wandb", "study=s", f"machine.runs_dir={tmp_path}/runs")
    join_study(tmp_path / "runs" / "s", (), tracker_of(config))
    made = the_mirror(tmp_path, "s")
    assert wandb_files.table(made)[1] == [
        without_nan(getattr(row(), field.name) for field in columns_of(Row))
    ]
    assert wandb_files.run_record(made).job_type == "study"


def test_tensorboard_has_curves_sizes_and_animations(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run = next((ROOT / "results/quickstart/runs").glob("demo-seed0-*"))
    study = ROOT / "results/nbody_cpu"
    overrides = [f"run={run}", f"study={study}", f"machine.runs_dir={tmp_path}"]
    mirror(composed(*overrides, "tracking=tensorboard", config_name="mirror"))
    events = EventAccumulator(str(tmp_path / "quickstart" / "tensorboard" / run.name)).Reload()
    points = [(event.step, event.value) for event in events.Scalars("val/loss")]
    assert points == [(line["step"], pytest.approx(line["val/loss"])) for line in lines_of(run)]
    sizes = [event.step for event in events.Scalars("by_size/grid/valid")]
    assert sizes == [16, 32, 64, 128, 256]
    events = EventAccumulator(str(tmp_path / "nbody_cpu" / "tensorboard" / "nbody_cpu")).Reload()
    (image,) = events.Images("figure/rollout_gravity.gif")
    assert image.encoded_image_string == (study / "rollout_gravity.gif").read_bytes()


@pytest.mark.parametrize("change", [
    {"study": "../../home"}, {"study": 3}, {"task_label": "a/b"}, {"train": 3},
    {"train": {"sizes": [1, "x"], "distribution": {}}}, {"train": {}},
])  # fmt: skip
def test_a_run_with_an_untrusted_configuration_is_one_line(tmp_path, change):
    whole = {"study": "s", "task_label": "t", "label": "m", "model": 1, "task": 2,
             "train": {"sizes": [8], "distribution": {"grid": {}}}}  # fmt: skip
    assert source_of_run(RunFolder(tmp_path), OmegaConf.create(whole), tmp_path).study == "s"
    with pytest.raises(UserError, match=r"config\.yaml: not the configuration of a run"):
        source_of_run(RunFolder(tmp_path), OmegaConf.create({**whole, **change}), tmp_path)


def test_a_study_without_a_name_replaces_nothing(tmp_path, monkeypatch):
    kept = tmp_path / "runs" / "tensorboard" / "kept"
    kept.mkdir(parents=True)
    monkeypatch.chdir(ROOT / "results" / "quickstart")
    for study in (".", "/"):
        config = composed(f"study={study}", f"machine.runs_dir={tmp_path}/runs",
                          "tracking=tensorboard", config_name="mirror")  # fmt: skip
        if study == "/":
            with pytest.raises(UserError, match="study must be a folder with a name, got '/'"):
                mirror(config)
        else:
            mirror(config)
    assert kept.is_dir()
    assert (tmp_path / "runs" / "quickstart" / "tensorboard" / "quickstart").is_dir()
