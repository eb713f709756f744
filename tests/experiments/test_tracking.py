"""Trainings are mirrored in wandb; the tests read wandb's files."""

import subprocess
import sys

import pytest
from omegaconf import OmegaConf

from experiments.mirror import mirror
from experiments.run.folder import RunFolder
from experiments.run.identity import config_hash
from experiments.settings.errors import UserError
from experiments.tracking.mirrors import tracker_of
from experiments.train import train
from tests.conftest import composed, stems
from tests.experiments import wandb_files
from tests.experiments.mirrors import (
    assert_whole,
    folders,
    lines_of,
    own_environment,
    the_mirror,
    the_run,
)
from tests.processes import ROOT, run, wait_until


def test_an_offline_run_has_the_config_every_line_and_every_row(tmp_path, tiny, capfd, monkeypatch):
    monkeypatch.setenv("WANDB_PROJECT", "my thesis")
    monkeypatch.setenv("WANDB_ENTITY", "lab")
    train(composed(*tiny, *folders(tmp_path), "tracking=wandb"))
    run, mirror = the_run(tmp_path), the_mirror(tmp_path)
    assert len(lines_of(run)) == 4
    assert_whole(mirror, run)
    stored = OmegaConf.to_container(RunFolder(run).load_config())
    assert "tracking" not in stored
    assert wandb_files.configuration(mirror) == stored
    told = wandb_files.run_record(mirror)
    assert (told.display_name, told.run_group, told.job_type) == (run.name, "default", "test")
    assert (told.project, told.entity) == ("my thesis", "lab")
    assert list(told.tags) == ["test", "tiny", "geographic_threshold", "sizes 8-9"]
    assert "wandb" not in "".join(capfd.readouterr())


@pytest.mark.slow
def test_a_killed_run_ends_with_one_mirror_of_the_whole_curve(tmp_path, tiny):
    overrides = [*tiny, *folders(tmp_path), "tracking=wandb", "train.num_steps=5000",
                 "val.every=250", "machine.save_every=100", "task_label=test"]  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "experiments.train", *overrides], cwd=ROOT,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=own_environment(),
    )  # fmt: skip
    found = (tmp_path / "runs").glob
    wait_until(
        lambda: list(found("*/wandb/offline*/*.wandb")) and list(found("*/*/state/*.pt")), process
    )
    process.kill()
    process.wait()
    assert wandb_files.exit_code(the_mirror(tmp_path)) is None
    train(composed(*overrides))
    assert len(lines_of(the_run(tmp_path))) == 20
    assert_whole(the_mirror(tmp_path), the_run(tmp_path))


def test_without_a_tracker_none_is_imported(tmp_path, tiny):
    code = (
        "import sys; from experiments.train import start, train\n"
        "start('train', train)\n"
        "print(sorted({'wandb', 'tensorboard', 'torch.utils.tensorboard'} & set(sys.modules)))"
    )
    done = run([sys.executable, "-c", code, *tiny, *folders(tmp_path)])
    assert done.stdout.strip() == "[]", done.stderr
    assert sorted(path.name for path in (tmp_path / "runs" / "default").iterdir()) == [
        the_run(tmp_path).name
    ]


@pytest.mark.parametrize("name", stems("tracking"))
def test_every_tracker_is_made_from_its_file(name):
    tracker = tracker_of(composed(f"tracking={name}"))
    assert (tracker is None) == (name == "off")
    module = f"experiments.tracking.{name}"
    assert tracker is None or type(tracker).__module__ == module


def test_the_tracker_is_not_part_of_a_runs_identity(tmp_path):
    hashes = {config_hash(composed(f"tracking={name}")) for name in ("off", "wandb", "tensorboard")}
    assert hashes == {config_hash(OmegaConf.masked_copy(c := composed(), set(c) - {"tracking"}))}
    folder = RunFolder(tmp_path)
    folder.save_config(composed("tracking=wandb"))
    assert "tracking" not in folder.load_config()


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["wandb", "tracking.mode=live"], ["tracking", "live", "offline, online"]),
        (["wandb", "tracking.project=3"], ["tracking: project", "got 3", "a name"]),
        (["wandb", "tracking.project='a/b:c'"], ["tracking: project", "got 'a/b:c'", "/ \\ # ?"]),
        (["wandb", "tracking.project=''"], ["tracking: project", "got ''"]),
        (["wandb", f"tracking.project={'a' * 129}"], ["tracking: project", "up to 128"]),
        (["wandb", "tracking.entity=a/b"], ["tracking: entity", "got 'a/b'"]),
        (["wandb", "+tracking.colour=red"], ["tracking", "colour='red'", "project"]),
        (["wandb", "tracking._target_=os.system"], ["tracking._target_", "os.system"]),
        (
            ["tensorboard", "tracking._target_=data_gen.graphs.distributions.grid.Grid"],
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


@pytest.mark.parametrize(
    ("variable", "value", "line"),
    [
        ("WANDB_MODE", "live", "WANDB_MODE must be one of offline, online, disabled, got 'live'"),
        ("WANDB_PROJECT", "a/b", "WANDB_PROJECT must be a name of up to 128 characters"),
        ("WANDB_ENTITY", "a b", "WANDB_ENTITY must be a name"),
    ],
)
def test_a_wrong_variable_of_the_environment_is_one_line(variable, value, line, monkeypatch):
    monkeypatch.setenv(variable, value)
    with pytest.raises(UserError) as raised:
        tracker_of(composed("tracking=wandb"))
    assert str(raised.value).startswith(f"tracking: {line}")


def place(*overrides):
    tracker = tracker_of(composed("tracking=wandb", *overrides))
    return tracker.mode, tracker.project, tracker.entity


def test_what_is_not_set_is_what_wandbs_own_variables_say(monkeypatch):
    assert place() == ("offline", "finite-means", None)
    for name in ("MODE", "PROJECT", "ENTITY"):
        monkeypatch.setenv(f"WANDB_{name}", "")
    assert place() == ("offline", "finite-means", None)
    told = {"MODE": "online", "PROJECT": "my thesis", "ENTITY": "lab", "API_KEY": "0" * 40}
    for name, value in told.items():
        monkeypatch.setenv(f"WANDB_{name}", value)
    assert place() == ("online", "my thesis", "lab")
    settings = ["tracking.mode=offline", "tracking.project=p", "tracking.entity=e"]
    assert place(*settings) == ("offline", "p", "e")


def test_disabled_is_as_without_a_tracker(monkeypatch):
    assert tracker_of(composed("tracking=wandb", "tracking.mode=disabled")) is None
    monkeypatch.setenv("WANDB_MODE", "disabled")
    assert tracker_of(composed("tracking=wandb")) is None
    assert tracker_of(composed("tracking=wandb", "tracking.mode=offline")) is not None
    with pytest.raises(UserError, match=r"^tracking must be wandb or tensorboard, got 'disabled'$"):
        mirror(composed(config_name="mirror"))
