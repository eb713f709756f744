"""The lines of a sweep, without starting one."""

import pytest
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra

from experiments.run.folder import RunFolder
from experiments.settings.errors import UserError
from experiments.sweep.job import Job, check_labels, outcome_table
from experiments.sweep.sweeper import parsed_overrides
from tests.conftest import composed


def test_a_pattern_of_arms_matches_no_hidden_file(tmp_path):
    """macOS writes ._x.yaml beside x.yaml on foreign disks."""
    (tmp_path / "arm").mkdir()
    for name in ("a", "b", "._a"):
        (tmp_path / "arm" / f"{name}.yaml").write_text("x: 1\n")
    with initialize_config_dir(str(tmp_path), version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
        for pattern, found in (("*", ["a", "b"]), ("*,exclude=b", ["a"])):
            (parsed,) = parsed_overrides([f"arm=glob({pattern})"], loader)
            assert list(parsed.sweep_iterator()) == found


def job_of(tmp_path, *overrides):
    """Return the job of a configuration; its names are set, as Hydra does when it starts a job."""
    return Job.of([*overrides], composed(*overrides, f"machine.runs_dir={tmp_path}"))


def test_two_methods_of_one_label_are_refused_before_any_work(tmp_path):
    ours = ["label=ours", "study=s"]
    one, seed = (
        job_of(tmp_path, "model=deep_sets", "train.num_steps=6", f"seed={seed}", *ours)
        for seed in (0, 1)
    )
    elsewhere = job_of(tmp_path, "model=node_mlp", "label=ours", "study=t")
    named = job_of(tmp_path, "model=node_mlp", "label=theirs", "study=s")
    refused = Job(["model=no", *ours], error="there is no such model")
    check_labels([one, seed, elsewhere, named, refused])
    for model, steps, words in (
        ("node_mlp", 6, "model=deep_sets and model=node_mlp"),
        ("deep_sets", 7, "train.num_steps=6 and train.num_steps=7"),
    ):
        other = job_of(tmp_path, f"model={model}", f"train.num_steps={steps}", "seed=0", *ours)
        with pytest.raises(UserError) as raised:
            check_labels([one, seed, other])
        assert str(raised.value) == (
            f"label must be another one for each method of a sweep, got 'ours' for {words}"
        )


def test_the_table_of_outcomes_names_a_refused_job_by_what_sets_it_apart(tmp_path):
    shared = [f"train.optimizer.lr={10**-k}" for k in range(20)]
    jobs = [Job([*shared, f"model={name}"], error="no") for name in ("a", "b")]
    assert outcome_table(jobs).splitlines() == [
        "2 jobs: 0 done, 0 skipped, 2 failed", "failed  model=a  no", "failed  model=b  no",
    ]  # fmt: skip
    jobs.append(Job([f"key{k}=3" for k in range(90)], error="no"))
    jobs.append(Job([*shared, "model=c"], folder=RunFolder(tmp_path / "c-seed0-12345678")))
    lines = outcome_table(jobs).splitlines()
    assert max(map(len, lines)) < 200
    assert lines[3].startswith("failed  key0=3 key1=3")
    assert lines[4].startswith("failed  c-seed0-12345678 ")
    (alone,) = outcome_table(jobs[:1]).splitlines()[1:]
    assert alone.startswith("failed  train.optimizer.lr=1 ")
