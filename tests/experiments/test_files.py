"""Formulas as files: export, and the evaluation of a user's own instances."""

import shutil

import numpy as np
import pandas as pd
import pytest
from omegaconf import OmegaConf

from data_gen.distribution import GenerationError
from data_gen.sat import dimacs
from experiments.evaluate import evaluate_runs
from experiments.export import export
from experiments.run.folder import RunFolder
from experiments.settings.errors import UserError, one_line
from experiments.tables.rows import read_table
from experiments.train import train
from tests.conftest import composed, study

SIZES, COUNT = [5, 8], 12
SCORES = ["correct", "correct_sat", "correct_unsat", "solved", "clauses_satisfied", "agreement"]
TINY = [
    "task=satisfiability", "model=deep_sets", "model.hidden_dim=8", "train.sizes=[5]",
    "train.num_steps=5", "train.num_instances=16", "val.num_instances=8", "val.every=5",
    f"transfer.num_instances={COUNT}", f"transfer.sizes={SIZES}", "data_seed=3",
]  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def run(place):
    train(composed(*TINY, f"machine.runs_dir={place}/runs", f"machine.data_dir={place}/data"))
    (path,) = place.glob("runs/*/*")
    return RunFolder(path)


@pytest.fixture(scope="module")
def settings():
    return composed("folder=x", f"sizes={SIZES}", config_name="export")


@pytest.fixture(scope="module")
def exported(place, settings):
    folder = place / "cnf"
    export(with_values(settings, folder=str(folder), num_instances=COUNT, data_seed=3))
    return folder


def with_values(config, **values):
    config = config.copy()
    for key, value in values.items():
        OmegaConf.update(config, key.replace("__", "."), value)
    return config


def test_files_score_as_the_cells_they_were_exported_from(place, run, exported):
    overrides = [f"run={run.path}", f"data.files={exported}/*.cnf", "name=files"]
    evaluate_runs(composed(*overrides, f"machine.data_dir={place}/other", config_name="evaluate"))
    rows, expected = read_table(run.table_path("files")), read_table(run.table_path())
    assert {row.distribution for row in rows} == {"files"}
    assert {(row.size, row.shift) for row in rows} == {(5, "distribution"), (8, "both")}
    for row, same in zip(rows, expected, strict=True):
        ours, theirs = vars(row), vars(same)
        for name in ("metric", "size", "mean", "low", "high", "num_instances"):
            assert ours[name] == pytest.approx(theirs[name], nan_ok=True), name
    frame = pd.read_parquet(run.instances_path("files"))
    before = pd.read_parquet(run.instances_path())
    np.testing.assert_array_equal(frame[SCORES], before[SCORES])
    assert frame.instance_name.tolist() == [
        str(path) for size in SIZES for path in sorted(exported.glob(f"sr-{size}-*"))
    ]
    is_sat = [name.endswith("-sat.cnf") for name in frame.instance_name]
    assert frame.correct_sat.notna().tolist() == is_sat
    assert "instance_name" not in before


def test_an_export_has_the_formulas_of_the_cells_with_their_models(exported):
    parts = study(*TINY)
    for cell in parts.test_cells:
        problems = cell.data_set.cell.structures(0, COUNT)
        paths = sorted(exported.glob(f"sr-{cell.size}-*.cnf"))
        for index, (path, problem) in enumerate(zip(paths, problems, strict=True)):
            answer = "sat" if problem.is_sat else "unsat"
            assert path.name == f"sr-{cell.size}-{index:02d}-{answer}.cnf"
            formula, lines = dimacs.read(path), path.read_text().splitlines()
            assert formula.clauses == problem.formula.clauses
            assert lines[0] == f"c instance {index}, data_seed 3"
            assert lines[1] == f"c Sr(p_short=0.3, p_geometric=0.4) v1, size {cell.size}"
            told = [int(v) for line in lines if line.startswith("c v") for v in line.split()[2:]]
            assert (told == []) == (not problem.is_sat)
            for clause in formula.clauses if told else []:
                assert not set(clause).isdisjoint(told)


def test_a_file_of_someone_else_stops_an_export_and_nothing_is_written(
    tmp_path, settings, exported
):
    there = tmp_path / "cnf" / max(path.name for path in exported.iterdir())
    there.parent.mkdir()
    there.write_text("mine")
    values = {"folder": str(there.parent), "num_instances": COUNT, "data_seed": 3}
    with pytest.raises(FileExistsError) as raised:
        export(with_values(settings, **values))
    assert one_line(raised.value) == f"{there}: is there with another content, take another folder"
    assert [path.read_text() for path in there.parent.iterdir()] == ["mine"]
    assert [path.name for path in tmp_path.iterdir() if "tmp" in path.name] == []


def test_an_export_that_was_stopped_goes_on(tmp_path, settings, exported):
    files = sorted(exported.iterdir())
    for path in files[::2]:
        shutil.copyfile(path, tmp_path / path.name)
    export(with_values(settings, folder=str(tmp_path), num_instances=COUNT, data_seed=3))
    assert [path.name for path in sorted(tmp_path.iterdir())] == [path.name for path in files]
    assert all((tmp_path / path.name).read_bytes() == path.read_bytes() for path in files)


@pytest.mark.parametrize(
    ("key", "value", "word"),
    [
        ("sizes", [], "one or more different whole numbers"),
        ("sizes", [1], "at least 2 variables"),
        ("sizes", None, "a list of one or more"),
        ("num_instances", 0, "at least 1"),
        ("data_seed", -1, "2\\*\\*63"),
        ("folder", None, "a folder"),
        ("folder", "/proc/nope", "can be written to"),
        ("distributions", {}, "one or more entries"),
        (
            "distributions",
            {"grid": {"_target_": "data_gen.graphs.distributions.grid.Grid"}},
            "Problem",
        ),
    ],
)
def test_a_wrong_value_of_an_export_is_one_line_with_its_key(tmp_path, settings, key, value, word):
    config = with_values(settings, folder=str(tmp_path))
    config[key] = value
    with pytest.raises(UserError, match=rf"^{key}[^\n]*{word}[^\n]*$"):
        export(config)
    assert not list(tmp_path.iterdir())


def test_a_damaged_file_stops_an_evaluation_in_one_line(place, run, exported, tmp_path, in_process):
    for path in sorted(exported.iterdir()):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    bad = tmp_path / "sr-8-05-x.cnf"
    bad.write_text("c mine\np cnf 8 1\n1 two 0\n")
    before = sorted(run.path.rglob("*"))
    code, text = in_process("evaluate", f"run={run.path}", f"data.files={tmp_path}/*.cnf",
                            "name=bad", f"machine.data_dir={place}/never")  # fmt: skip
    assert code == 1
    found = f"{bad}:3: found 'two', expected whole numbers"
    assert text == f"error: {found}; skip_bad=true leaves such files out"
    assert sorted(run.path.rglob("*")) == before
    assert not (place / "never").exists()


def test_bad_files_are_left_out_if_asked_and_told_once(place, run, exported, tmp_path, caplog):
    for path in sorted(exported.iterdir()):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    for name in ("a", "b"):
        (tmp_path / f"{name}.cnf").write_text("p cnf 8 1\n1 two 0\n")
    overrides = [f"run={run.path}", f"data.files={tmp_path}/*.cnf", "name=good"]
    overrides += ["data.skip_bad=true", f"machine.data_dir={place}/other"]
    evaluate_runs(composed(*overrides, config_name="evaluate"))
    names = pd.read_parquet(run.instances_path("good")).instance_name
    assert sorted(names) == sorted(str(tmp_path / path.name) for path in exported.iterdir())
    for words in ("a.cnf:2", "b.cnf:2", "2 of 26 files are bad and left out"):
        assert caplog.text.count(words) == 1


@pytest.mark.parametrize(
    ("values", "error", "words"),
    [
        ({"data__files": ""}, UserError, "data: files must be a path or a pattern"),
        ({"data__files": 3}, UserError, "data.files must be a text, got 3"),
        (
            {"data__files": "nowhere/*.cnf"},
            GenerationError,
            "files must match a file, got 'nowhere",
        ),
        ({"data__skip_bad": "x"}, UserError, "data.skip_bad must be true or false, got 'x'"),
        ({"data__max_conflicts": 0}, UserError, "max_conflicts must be at least 1, got 0"),
        (
            {"transfer__sizes": [5]},
            UserError,
            "transfer.sizes must be null with data.files, got [5]",
        ),
        ({"transfer__num_instances": 5}, UserError, "transfer.num_instances must be null"),
        ({"data": None}, UserError, "data must be a mapping, got None"),
    ],
)
def test_a_wrong_pattern_is_one_line_before_any_work(place, run, exported, values, error, words):
    config = composed(f"run={run.path}", f"data.files={exported}/*.cnf", "name=wrong",
                      f"machine.data_dir={place}/never", config_name="evaluate")  # fmt: skip
    with pytest.raises(error) as raised:
        evaluate_runs(with_values(config, **values))
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)
    assert not (place / "never").exists()
    assert not run.table_path("wrong").exists()


def test_files_are_only_for_testing_and_each_is_used_once(exported):
    tested = study(
        *TINY, "distribution@transfer.distributions=[dimacs_files]", "transfer.num_instances=3",
        f"transfer.distributions.dimacs_files.files={exported}/*.cnf",
    )  # fmt: skip
    assert [cell.data_set.num_instances for cell in tested.test_cells] == [COUNT, COUNT]
    files = f"train.distribution.dimacs_files.files={exported}/*.cnf"
    with pytest.raises(
        UserError, match=r"^train\.distribution must not be a list of files, got 'dimacs_files'"
    ):
        study(*TINY, "distribution@train.distribution=dimacs_files", files)
