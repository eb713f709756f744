"""`experiments.verify` says equal, different and where, or not comparable and why."""

import logging
import shutil

import pytest
import torch
from omegaconf import OmegaConf
from safetensors.torch import load_file, save_file

from experiments.publish import publish
from experiments.run.folder import RunFolder
from experiments.settings.errors import UserError
from experiments.train import train
from experiments.verify import verify
from tests.conftest import composed


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A published study of two runs."""
    home = tmp_path_factory.mktemp("home")
    places = [f"machine.runs_dir={home / 'outputs'}", f"machine.data_dir={home / 'data'}"]
    for seed in (0, 1):
        train(composed(
            "model=deep_sets", "model.hidden_dim=8", "train.sizes=[6,8]", "train.num_steps=4",
            "train.num_instances=24", "train.batch_size=8", "val.num_instances=8", "val.every=2",
            "transfer.num_instances=6", "transfer.sizes=[8,16]", f"seed={seed}", "study=s",
            *places,
        ))  # fmt: skip
    names = {"runs_dir": str(home / "outputs"), "results_dir": str(home / "results")}
    publish(OmegaConf.create({"study": "s", "runs": "*-seed0-*", "keep": False, **names}))
    return home


@pytest.fixture
def study(home, tmp_path):
    """A copy of the published study."""
    return shutil.copytree(home / "results" / "s", tmp_path / "s")


@pytest.fixture
def told(home, caplog):
    """Verify a study; return the findings, by what is verified, and the error."""

    def verified(study, **changes):
        config = composed(config_name="verify")
        config.machine.data_dir = str(home / "data")
        config.results_dir = str(study.parent)
        error, caplog.records[:] = "", []
        with caplog.at_level(logging.INFO):
            try:
                verify(OmegaConf.merge(config, changes))
            except UserError as raised:
                error = str(raised)
        found = [record.getMessage().split(": ", 2) for record in caplog.records]
        return {parts[1]: parts[2] for parts in found if len(parts) == 3}, error

    return verified


def only_run(study):
    return RunFolder(next((study / "runs").iterdir()))


def test_what_was_published_is_equal(study, told):
    found, error = told(study)
    run = only_run(study)
    assert not error
    assert found == {
        "files": f"equal, {len(run.written)} files are as written",
        "data": "equal, 2 cells have the same instances",
        "scores": f"equal, {len(run.table_path().read_text().splitlines()) - 1} scores in 2 cells",
        "table": f"equal, {len(run.table_path().read_text().splitlines()) - 1} rows are those of"
                 f" their runs; the runs of {len(run.table_path().read_text().splitlines()) - 1}"
                 " others are not here",
    }  # fmt: skip


def test_other_weights_with_their_own_sums_give_other_scores(study, told):
    run = only_run(study)
    weights = load_file(run.weights_path)
    torch.manual_seed(0)
    save_file({name: torch.randn_like(value) for name, value in weights.items()}, run.weights_path)
    run.record([run.weights_path])
    found, error = told(study)
    assert found["files"].startswith("equal")
    assert found["scores"].startswith("different, ")
    assert " on geographic_threshold " in found["scores"]
    assert error == "something differs: 3 equal, 1 different, 0 not comparable"


@pytest.mark.parametrize("name", ["weights.safetensors", "metrics.jsonl", "cells.csv"])
def test_a_changed_file_is_told(study, told, name):
    path = only_run(study).path / name
    path.write_bytes(path.read_bytes()[:-1])
    found, error = told(study)
    assert found["files"] == f"different, changed or missing: {name}"
    assert error


def test_a_run_without_sums_is_not_comparable(study, told):
    (only_run(study).path / "SHA256SUMS").unlink()
    found, error = told(study)
    assert found["files"] == "not comparable, an older version wrote no SHA256SUMS"
    assert found["scores"].startswith("equal")
    assert not error


def test_instances_that_are_drawn_in_another_way_are_not_comparable(study, told):
    run = only_run(study)
    text = run.table_path().read_text()
    (hash_of_16,) = {line.split(",")[16] for line in text.splitlines()[1:] if ",16,," in line}
    run.table_path().write_text(text.replace(hash_of_16, "0" * 16))
    run.record([run.table_path()])
    found, error = told(study)
    place = "geographic_threshold 16"
    assert found["data"] == f"not comparable, drawn in another way now: {place}"
    assert found["scores"].endswith(" scores in 1 cells")
    assert found["table"].startswith("different, in ")
    assert error


def test_a_score_that_was_changed_in_the_study_is_told(study, told):
    table = study / "transfer.csv"
    lines = table.read_text().splitlines()
    place = next(n for n, line in enumerate(lines) if ",8,," in line)
    parts = lines[place].split(",")
    parts[10] = "0.123457"
    table.write_text("\n".join([*lines[:place], ",".join(parts), *lines[place + 1 :], ""]))
    found, error = told(study)
    assert found["table"] == f"different, in {parts[9]} on geographic_threshold 8"
    assert error == "something differs: 3 equal, 1 different, 0 not comparable"


def test_the_number_of_cells_is_a_choice(study, told):
    found, _ = told(study, num_cells=1)
    assert found["scores"].endswith(" scores in 1 cells")
    with pytest.raises(AssertionError):
        assert told(study, num_cells=0) == ({}, "")


def test_a_table_without_a_known_cell_is_not_comparable(study, told):
    run = only_run(study)
    run.table_path().write_text(run.table_path().read_text().replace(",geographic_thr", ",other"))
    run.record([run.table_path()])
    found, _ = told(study)
    assert found["data"] == "not comparable, the table has none of its cells"
    assert found["scores"].startswith("not comparable")


def test_a_table_without_a_known_score_is_not_comparable(study, told):
    run = only_run(study)
    head, rows = run.table_path().read_text().split("\n", 1)
    for shift in ("none", "size"):
        rows = rows.replace(f",{shift},", f",{shift},old_")
    run.table_path().write_text(f"{head}\n{rows}")
    run.record([run.table_path()])
    found, _ = told(study)
    assert found["scores"] == "not comparable, the table has none of these scores"
