"""A run or study of a stranger: nothing outside it is read, written or deleted; one line says why.

Each damage is one that was seen to go wrong: see docs/trust.md.
"""

import io
import os
import shutil

import pytest
import torch
from omegaconf import OmegaConf
from safetensors.torch import load_file, save_file

from data_gen.reading import sum_of, sums_of
from experiments.run.folder import RunFolder
from experiments.settings.errors import UserError
from experiments.tables.rows import read_table
from experiments.train import train
from tests.conftest import NAMES, composed

FILES = ("weights.safetensors", "metrics.jsonl", "seconds.json", "transfer.csv", "cells.csv")


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """Folders for runs and data, and a folder of someone else's files."""
    home = tmp_path_factory.mktemp("home")
    (home / "other").mkdir()
    for number in range(3):
        (home / "other" / f"{number:09d}.pt").write_text("precious")
    for name in FILES:
        (home / "other" / name).write_text("precious")
    return home


@pytest.fixture(scope="module")
def settings(places):
    return [
        "model=deep_sets", "model.hidden_dim=8", "train.sizes=[6,8]", "train.num_steps=6",
        "train.num_instances=24", "train.batch_size=8", "val.num_instances=8", "val.every=2",
        "transfer.num_instances=4", "transfer.sizes=[8]", "machine.save_every=2", "study=s", *NAMES,
        f"machine.runs_dir={places / 'outputs'}", f"machine.data_dir={places / 'data'}",
    ]  # fmt: skip


@pytest.fixture(scope="module")
def intact(places, settings):
    """A finished run, which stays as it is."""
    train(composed(*settings))
    (run,) = (places / "outputs" / "s").glob("*/")
    return shutil.copytree(run, places / "kept" / run.name)


@pytest.fixture
def run(places, intact):
    """A copy of the finished run in its place."""
    shutil.rmtree(places / "outputs")
    return RunFolder(shutil.copytree(intact, places / "outputs" / "s" / intact.name))


@pytest.fixture
def command(in_process, monkeypatch):
    """Run a command in this process; return its exit code and its line of text."""

    def run_command(module, *words):
        try:
            return in_process(module, *words)
        except pytest.fail.Exception:  # no exit: it ended as it should
            return 0, ""

    return run_command


@pytest.fixture
def published(command, places):
    words = f"runs_dir={places / 'outputs'}", f"results_dir={places / 'r'}"
    yield lambda: command("publish", "study=s", *words)
    shutil.rmtree(places / "r", ignore_errors=True)


@pytest.fixture
def evaluated(command, places, run):
    words = f"run={run.path}", "name=e", f"machine.data_dir={places / 'data'}"
    return lambda: command("evaluate", *words)


def unfinished(run):
    for path in (run.path / "DONE", run.path / "SHA256SUMS", run.weights_path):
        path.unlink()


def become_a_link(path, target):
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    path.symlink_to(target)


def others(places):
    return {path.name: path.read_text() for path in (places / "other").iterdir()}


def change_a_byte(path, place=0.5):
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("name", ["state", ".hydra", "metrics.jsonl", ".lock"])
def test_a_training_neither_writes_nor_deletes_through_a_link(places, settings, run, name, command):
    unfinished(run)
    before = others(places)
    target = places / "other" / (name if name in FILES else "")
    become_a_link(run.path / name, target)
    code, text = command("train", *settings)
    assert code == 1
    assert f"{run.path / name}: must not be a link that leaves" in text
    assert others(places) == before


def test_a_run_folder_that_is_a_link_is_not_trained_in(places, settings, run, command):
    shutil.rmtree(run.path)
    run.path.symlink_to(places / "other")
    before = others(places)
    code, text = command("train", *settings)
    assert code == 1
    assert "must not be a link that leaves" in text
    assert others(places) == before


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("kind", ["link", "pipe", "device"])
def test_publish_copies_nothing_but_files_of_the_run(places, run, name, kind, published):
    (run.path / "SHA256SUMS").unlink()
    if kind == "link":
        become_a_link(run.path / name, places / "other" / name)
    else:
        (run.path / name).unlink()
        if kind == "pipe":
            os.mkfifo(run.path / name)
        else:
            (run.path / name).symlink_to("/dev/zero")
    code, text = published()
    assert (code, "\n" in text) == (1, False)
    assert name in text


@pytest.mark.parametrize("name", [*FILES, "instances.parquet", ".hydra/config.yaml"])
def test_a_changed_file_of_a_finished_run_is_refused(
    places, run, name, published, evaluated, command
):
    change_a_byte(run.path / name)
    codes = [published()]
    shutil.rmtree(places / "r", ignore_errors=True)
    codes.append(evaluated())
    codes.append(command("compare", f"a={run.path}", f"b={run.path}"))
    refused = [text for code, text in codes if code == 1]
    if name == "instances.parquet":  # publish says that there are no intervals
        assert len(refused) == 1
    assert refused
    assert all("is damaged or was changed" in text and "\n" not in text for text in refused)


def test_a_flipped_bit_of_the_newest_state_is_not_resumed(settings, intact, run, caplog):
    unfinished(run)
    newest = max((run.path / "state").iterdir())
    change_a_byte(newest)
    train(composed(*settings))
    assert f"left out: {newest}: the state is damaged" in caplog.text
    assert run.weights_path.read_bytes() == (intact / "weights.safetensors").read_bytes()


def test_what_a_killed_writer_left_in_a_run_is_removed(run):
    left = [folder / ".x.tmp0" for folder in (run.path, run.config_path.parent, run.path / "state")]
    for path in left:
        path.mkdir()
    with run.locked():
        pass
    assert not any(path.exists() for path in left)


def test_a_state_of_another_training_is_one_line(places, settings, run, command):
    unfinished(run)
    path = max((run.path / "state").iterdir())
    state = torch.load(path, weights_only=True)
    shutil.rmtree(path.parent)
    run.save_state(state["step"], {**state, "model": {"x": torch.zeros(2)}})
    code, text = command("train", *settings)
    assert code == 1
    assert "\n" not in text
    assert "the last state is not one of this training" in text


@pytest.mark.parametrize("step", ["x", None, [1]])
def test_a_state_whose_step_is_no_number_is_left_out(settings, run, step, caplog):
    path = max((run.path / "state").iterdir())
    content = io.BytesIO()
    torch.save({"step": step, "curve": ""}, content)
    shutil.rmtree(path.parent)
    path.parent.mkdir()
    name = f"{6:09d}-{sum_of(content.getvalue())[:16]}.pt"
    (path.parent / name).write_bytes(content.getvalue())
    assert run.load_state() is None
    assert "left out" in caplog.text


@pytest.mark.parametrize("text", ["9" * 400, "[" * 9000, "nul", '"x"', "{}"])
def test_seconds_that_are_no_number_are_one_line(run, text):
    (run.path / "SHA256SUMS").unlink()
    (run.path / "seconds.json").write_text(text)
    with pytest.raises(UserError, match="not a number of seconds"):
        run.load_seconds()


@pytest.mark.parametrize("value", ["transfer", "transfer.distributions", "machine", "task"])
def test_a_section_that_is_no_mapping_is_one_line(run, evaluated, value):
    config = OmegaConf.load(run.config_path)
    OmegaConf.update(config, value, "x")
    run.config_path.write_text(OmegaConf.to_yaml(config))
    (run.path / "SHA256SUMS").unlink()
    code, text = evaluated()
    assert code == 1
    assert "\n" not in text


def test_a_state_that_a_killed_training_did_not_delete_is_deleted(settings, run):
    unfinished(run)
    states = sorted((run.path / "state").iterdir())
    old = states[0].with_name(f"{1:09d}{states[0].name[9:]}")
    shutil.copy(states[0], old)
    train(composed(*settings))
    assert sorted((run.path / "state").iterdir()) == states


def test_an_evaluation_whose_sums_are_not_listed_has_no_table(run, evaluated, monkeypatch):
    def stopped(*_):
        raise OSError(28, "stopped", "here")

    with monkeypatch.context() as patched:
        patched.setattr(RunFolder, "record", stopped)
        assert evaluated() == (1, "error: here: stopped")
    assert not run.table_path("e").exists()
    assert evaluated() == (0, "")
    assert run.table_path("e").name in sums_of(run.path)


def test_a_changed_weight_is_not_scored(run, evaluated):
    weights = load_file(run.weights_path)
    name = next(name for name, value in weights.items() if value.numel() > 1)
    save_file({**weights, name: weights[name] + torch.tensor(1e-3)}, run.weights_path)
    code, text = evaluated()
    assert code == 1
    assert "is damaged or was changed" in text
    assert not run.table_path("e").exists()


def test_files_that_a_stored_configuration_names_are_not_read(places, run, evaluated, caplog):
    secret = places / "other" / "secret.cnf"
    secret.write_text("p cnf 8 1\n1 0\n")
    config = OmegaConf.load(run.config_path)
    config.task = OmegaConf.load("conf/task/satisfiability.yaml").task
    config.transfer.distributions = {
        "x": {
            "_target_": "data_gen.sat.distributions.dimacs_files.DimacsFiles",
            "files": str(secret),
        }
    }
    run.config_path.write_text(OmegaConf.to_yaml(config))
    (run.path / "SHA256SUMS").unlink()
    code, text = evaluated()
    assert code == 1
    assert "\n" not in text
    assert "x is left out: files are named on the command line (data.files)" in caplog.text
    secret.unlink()


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+1", "@x", "a\u202eb", "a\tb", "\x1b[2Jx"])
def test_a_text_that_a_program_could_obey_is_in_no_table(places, run, text, published):
    rows = run.table_path().read_text()
    assert read_table(run.table_path())
    (run.path / "SHA256SUMS").unlink()
    run.table_path().write_text(rows.replace(",test,", f",{text},"))
    code, line = published()
    assert code == 1
    assert "must not be a formula or have control characters" in line
    assert not (places / "r").exists()


@pytest.mark.parametrize("tracker", ["tensorboard", "wandb"])
def test_a_mirror_is_not_written_through_a_link(places, run, tracker, command):
    pytest.importorskip(tracker)
    before = others(places)
    link = run.path.parent / tracker
    link.symlink_to(places / "other")
    words = f"tracking={tracker}", f"machine.runs_dir={places / 'outputs'}"
    code, text = command("mirror", f"run={run.path}", *words)
    assert code == 1
    assert "must not be a link that leaves" in text
    assert others(places) == before


@pytest.mark.parametrize("name", ["x.png", "more.csv", "README.md", "transfer.csv", "x.json.gz"])
@pytest.mark.parametrize("kind", ["link", "pipe", "device"])
def test_the_report_embeds_nothing_from_outside(places, run, name, kind, command):
    study = places / "studies" / "s"
    shutil.rmtree(study.parent, ignore_errors=True)
    study.mkdir(parents=True)
    shutil.copyfile(run.table_path(), study / "transfer.csv")
    (study / name).unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(study / name)
    else:
        (study / name).symlink_to(
            places / "other" / "seconds.json" if kind == "link" else "/dev/zero"
        )
    page = places / "page.html"
    code, text = command("report", f"results_dir={study.parent}", f"file={page}")
    if code == 1:
        assert "\n" not in text
    else:  # a pipe named like a README is no file
        assert "precious" not in page.read_text()
    page.unlink(missing_ok=True)
