import csv
import shlex

import pytest
from omegaconf import OmegaConf

from experiments.run.folder import RunFolder
from experiments.run.selection import Objective
from experiments.search import search
from experiments.settings.errors import UserError
from experiments.sweep.trials import Trials
from tests.conftest import NAMES, composed
from tests.forked import Forked
from tests.processes import ended, wait_until

pytest.importorskip("optuna")
SPACE = "space={model.hidden_dim:[8,16],train.optimizer.lr:{low:1e-4,high:1e-2,log:true}}"


def words(tmp_path, *overrides):
    space = [] if any(word.startswith("space=") for word in overrides) else [SPACE]
    folders = [f"machine.{name}_dir={tmp_path / name}" for name in ("runs", "data")]
    return [*space, *folders, "machine.num_workers=1", *overrides]


def searched(tmp_path, *overrides):
    """Search in this process; return the lines of the table."""
    search(composed(*NAMES, *words(tmp_path, *overrides), config_name="search"))
    return lines(tmp_path)


def lines(tmp_path):
    (path,) = (tmp_path / "runs" / "search").glob("trials-*.csv")
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_search_is_judged_by_validation_and_makes_no_test_cell(tmp_path, tiny):
    found = searched(tmp_path, *tiny, "num_trials=3")
    assert [line["trial"] for line in found] == ["0", "1", "2"]
    assert len(list((tmp_path / "data").glob("*.safetensors"))) == 2  # training, validation
    for line in found:
        run = tmp_path / "runs" / "search" / line["run"]
        losses = [float(part.split(",")[0]) for part in
                  (run / "metrics.jsonl").read_text().split('"val/loss": ')[1:]]  # fmt: skip
        assert float(line["val/loss"]) == pytest.approx(min(losses), rel=1e-5)
        assert not (run / "transfer.csv").exists()
    assert len({line["run"] for line in found}) == 3


def test_the_best_settings_can_be_pasted_and_tell_what_was_trained(tmp_path, tiny, caplog):
    values = {"train.num_message_passing_steps": "[null]", "train.skip": "[false]",
              "train.schedule.shape": "[constant]", "train.max_grad_norm": "[0.12345]",
              "train.optimizer.lr": "{low:1e-4,high:1e-2,log:true}"}  # fmt: skip
    space = ",".join(f"{key}:{value}" for key, value in values.items())
    with caplog.at_level("INFO"):
        (line,) = searched(tmp_path, *tiny, f"space={{{space}}}", "num_trials=1")
    (told,) = [r.getMessage() for r in caplog.records if r.getMessage().startswith("val/loss")]
    overrides = shlex.split(told.partition("  ")[2])
    lr = line["train.optimizer.lr"]
    assert dict(word.split("=") for word in overrides) == {
        "train.num_message_passing_steps": "null", "train.skip": "false",
        "train.schedule.shape": "constant", "train.max_grad_norm": "0.12345",
        "train.optimizer.lr": lr,
    }  # fmt: skip
    assert {key: line[key] for key in values} == dict(word.split("=") for word in overrides)
    stored = RunFolder(tmp_path / "runs" / "search" / line["run"]).load_config()
    pasted = composed(*overrides)
    for key in values:
        assert OmegaConf.select(pasted, key) == OmegaConf.select(stored, key), key


def test_a_resumed_search_makes_the_trials_of_an_uninterrupted_one(tmp_path, tiny):
    whole = searched(tmp_path / "whole", *tiny, "num_trials=3")
    assert len(searched(tmp_path, *tiny, "num_trials=2")) == 2
    assert searched(tmp_path, *tiny, "num_trials=3") == whole


def test_two_searches_of_one_study_are_kept_apart(tmp_path, tiny):
    searched(tmp_path, *tiny, "num_trials=1")
    others = ["model=deep_sets", "task=shortest_path_next_hop", "seed=1", "sampler_seed=1",
              "space={model.hidden_dim:[8,16,32]}"]  # fmt: skip
    for number, other in enumerate(others, start=2):
        search(composed(*NAMES, *words(tmp_path, *tiny, "num_trials=1", other),
                        config_name="search"))  # fmt: skip
        assert len(list((tmp_path / "runs" / "search").glob("trials-*.csv"))) == number


def test_a_trial_that_runs_out_of_memory_ends_no_search(tmp_path, tiny, monkeypatch):
    def fail(*arguments):
        raise RuntimeError("out of memory")

    monkeypatch.setattr("experiments.sweep.tries.train_once", fail)
    with pytest.raises(UserError, match="all 2 trials failed"):
        searched(tmp_path, *tiny, "num_trials=2")
    assert [line["error"] for line in lines(tmp_path)] == ["RuntimeError: out of memory"] * 2


@pytest.mark.slow
def test_two_starts_share_the_trials(tmp_path, tiny):
    command = ["experiments.search", *words(tmp_path, *tiny, "num_trials=4")]
    for process in [Forked(*command) for _ in "ab"]:
        code, text = ended(process)
        assert code == 0, text
    found = lines(tmp_path)
    assert len(found) == 4
    assert not any(line["error"] for line in found)


@pytest.mark.slow
def test_a_trial_that_was_killed_is_resumed(tmp_path, tiny):
    long = [*tiny, "train.num_steps=800", "num_trials=1"]
    command = ["experiments.search", *words(tmp_path, *long)]
    process = Forked(*command)
    wait_until(lambda: list((tmp_path / "runs").glob("search/*/state/*.pt")), process)
    process.kill()
    process.communicate()
    code, text = ended(Forked(*command))
    assert code == 0, text
    assert "resumed at update" in text
    (line,) = lines(tmp_path)
    assert line["trial"] == "1"
    assert len(list((tmp_path / "runs" / "search").glob("*-seed0-*"))) == 1


def test_a_running_trial_counts_and_one_killed_at_its_start_is_resumed(tmp_path, tiny):
    searched(tmp_path, *tiny, "num_trials=1")
    folder = tmp_path / "runs" / "search"
    (path,) = folder.glob("trials-*.log")
    trials = Trials(folder, path.stem, 0, Objective("loss", 1))
    trial = trials.ask()  # as if its process were killed now
    assert len(searched(tmp_path, *tiny, "num_trials=2")) == 2
    trial = trials.ask()
    run = RunFolder(folder / "elsewhere")
    trial.set_user_attr("run", run.path.name)
    with run.locked():
        assert len(searched(tmp_path, *tiny, "num_trials=3")) == 2
    assert len(searched(tmp_path, *tiny, "num_trials=3")) == 3


def test_a_trial_that_fails_is_reported_and_ends_no_search(tmp_path, tiny):
    space = "space={model.hidden_dim:[0]}"
    with pytest.raises(UserError, match="all 2 trials failed"):
        searched(tmp_path, *tiny, space, "num_trials=2")
    assert [line["error"] for line in lines(tmp_path)] == [
        "model: the width of each layer must be at least 1, got [5, 0, 0, 1]"
    ] * 2


@pytest.mark.parametrize(
    ("override", "text"),
    [
        ("space={transfer.sizes:[[8],[16]]}", "space must have .*, got 'transfer.sizes'"),
        ("space={train.sizes:[[8],[16]]}", "space must have .*, got 'train.sizes'"),
        ("space={model.nothing:[1]}", "space must have .*, got 'model.nothing'"),
        ("space={model.hidden_dim:3}", r"space.model.hidden_dim must be a list .*, got 3"),
        (
            "space={train.optimizer.lr:{low:2,high:1}}",
            "must be a list of values",
        ),
        ("space={train.optimizer.lr:{low:0,high:1,log:true}}", "must be a list of values"),
        ("space={}", "space must be a mapping of keys"),
        ("num_trials=0", "num_trials must be a whole number of at least 1, got 0"),
        ("sampler_seed=x", "sampler_seed must be a whole number"),
    ],
)
def test_what_may_not_be_searched_is_one_line_before_any_work(tmp_path, tiny, override, text):
    with pytest.raises(UserError, match=text):
        searched(tmp_path, *tiny, override)
    assert not (tmp_path / "runs").exists()
    assert not (tmp_path / "data").exists()
