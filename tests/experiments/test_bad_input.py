"""A wrong value ends in one line with key and value, an exit code, and no written file."""

import re
import sys
from itertools import product

import pytest
import yaml
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf

from experiments.settings.command import start
from experiments.settings.errors import UserError
from experiments.settings.predicates import is_number
from experiments.train import train
from tests.conftest import composed, study
from tests.experiments.conftest import WRONG_VALUES
from tests.forked import Forked
from tests.processes import ended

# Combinations of overrides, and words of the error line.
WRONG_TOGETHER = [
    (["train.num_stepz=3"], ["train.num_stepz"]),
    (["distribution@train.distribution=moebius"], ["moebius", "erdos_renyi"]),
    (["model=perceptron"], ["perceptron", "deep_sets"]),
    (["experiment=nope"], ["nope", "quickstart"]),
    (["machine=null"], ["machine"]),
    (["study=${nope}"], ["nope"]),
    (["seed=???"], ["seed"]),
    (["transfer.sizes=[16,1]"], ["transfer.sizes", "at least 2", "got 1"]),
    (["+transfer.distributions.x={_target_:gn.models.node_mlp.NodeMLP}"],
     ["transfer.distributions.x", "spec"]),
    (["experiment=null"], ["experiment", "null"]),
    (["distribution@transfer.distributions=[]", "~transfer.distributions.geographic_threshold"],
     ["transfer.distributions"]),
    (["train.distribution.geographic_threshold.theta=-1"], ["theta", "-1", "above 0"]),
    (["train.distribution.geographic_threshold._target_=data_gen.graphs.edge_weights.euclidean.Euclidean",
      "~train.distribution.geographic_threshold.theta"], ["train.distribution", "Euclidean"]),
    (["train.edge_weights.euclidean._target_=data_gen.graphs.distributions.grid.Grid"],
     ["train.edge_weights.euclidean", "Grid"]),
    (["task.answer._target_=data_gen.graphs.distributions.grid.Grid"], ["task", "Grid"]),
    (["model=linear_messages", "model.hidden_dim=-2"], ["model", "hidden_dim", "got -2"]),
    (["model=linear_messages", "model.aggregations=median"], ["model", "median", "max"]),
    *(
        (["model=linear_messages", f"model.node_features={value}"], ["model", "node_features", "4"])
        for value in ("[5]", "[-1]", "[]", "[x]", "3", "[true]")
    ),
    (["model=deep_sets", "model.hidden_dim=0"], ["model", "0"]),
    (["model=node_mlp", "model.hidden_dim=-1"], ["model", "-1"]),
    (["model.share_weights=false", "train.num_message_passing_steps=3"],
     ["train.num_message_passing_steps", "3", "10"]),
    (["model.share_weights=false", "train.num_message_passing_steps=[10,12]"],
     ["train.num_message_passing_steps", "12", "10"]),
    *(
        ([f"transfer.num_message_passing_steps=[{rule}]"], ["num_message_passing_steps", "oracle+"])
        for rule in ("oracle-1", "oracle+0", "adaptive", "adaptive@0", "adaptive@x")
    ),
    (["model.match_parameters_of=../task/shortest_path"], ["match_parameters_of", "deep_sets"]),
    (["data.stream=true", "train.curriculum.num_steps=7"],
     ["train.curriculum.num_steps", "7", "data.stream"]),
    (["model.match_parameters_of=gnn"], ["model.match_parameters_of", "gnn", "deep_sets"]),
    (["model.match_parameters_of=3"], ["model.match_parameters_of", "3", "10 %"]),
    (["model=linear_messages", "model.match_parameters_of=1e9"], ["match_parameters_of", "1"]),
]  # fmt: skip


def folders(tmp_path):
    return [f"machine.runs_dir={tmp_path}/runs", f"machine.data_dir={tmp_path}/data"]


def shown(value):
    """Return a value, or the first part of a list, as the error line shows it."""
    words = {"null": "None", "true": "True", "false": "False"}
    text = value.strip("'[]").split(",")[0].lstrip(".")
    return words.get(text, text)


def assert_one_line(code, text, *words):
    assert code not in (0, None)
    assert text.startswith("error: ")
    assert "\n" not in text
    for word in words:
        assert word in text


def sampled(cases, **how):
    """Make every fourth case a fast test, since starting a command is slow."""
    marked = [
        pytest.param(*case, marks=[pytest.mark.slow] if number % 4 else [])
        for number, case in enumerate(cases)
    ]
    return pytest.mark.parametrize(argvalues=marked, **how)


@sampled(WRONG_VALUES, argnames=("keys", "values", "word"))
def test_a_wrong_value_is_one_line_with_its_key(tmp_path, keys, values, word, in_process, capfd):
    key, value = keys.split()[0], values.split()[0]
    code, text = in_process("train", *folders(tmp_path), f"{key}={value}")
    assert_one_line(
        code,
        text,
        key.split(".")[-1].lstrip("+").replace("weight_decay", "").removesuffix("s"),
        word,
    )
    assert shown(value) in text.replace("null", "None")
    assert "Error executing job" not in capfd.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("keys", "values", "word"), WRONG_VALUES[1:])  # the first are groups
def test_every_other_wrong_value_is_one_line_too(tmp_path, keys, values, word):
    trained = composed(*folders(tmp_path))
    for key, value in product(keys.split(), values.split()):
        config = trained.copy()
        OmegaConf.update(config, key.lstrip("+"), yaml.safe_load(value), force_add=True)
        with pytest.raises(UserError) as raised:
            train(config)
        text = f"error: {raised.value}"
        assert_one_line(1, text, word)
        assert (
            key.split(".")[-1].lstrip("+").replace("weight_decay", "").removesuffix("s") in text
        ), (key, value)
        assert shown(value) in text.replace("null", "None"), (key, value)
    assert not list(tmp_path.iterdir())


@sampled(WRONG_TOGETHER, argnames=("overrides", "words"), ids=lambda v: v[0])
def test_wrong_values_are_one_line_before_any_work(tmp_path, overrides, words, in_process, capfd):
    paths = [] if "machine=null" in overrides else folders(tmp_path)
    code, text = in_process("train", *paths, *overrides)
    assert_one_line(code, text, *words)
    assert "Error executing job" not in capfd.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "key", ["train.num_stps", "train.schedule.x", "val.evry", "machine.x", "trian"]
)
def test_an_unknown_key_is_one_line_wherever_it_is_written(tmp_path, key, in_process):
    code, text = in_process("train", *folders(tmp_path), f"+{key}=3")
    assert_one_line(code, text, f"{key}: there is no such key")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("override", "line"),
    [
        ("model=deep_set", "model must be one of .*, got 'deep_set', did you mean deep_sets$"),
        ("hydra/launcher=seral", "hydra/launcher must be one of .*, got 'seral', did you mean se"),
        ("+model.hiden_dim=3", r"model must have .*, got hiden_dim=3, did you mean hidden_dim$"),
        ("train.precision=bfloat", "precision must be .*, got 'bfloat', did you mean bfloat16$"),
        ("train.num_stps=3", r"no such key, did you mean num_steps; to add it: \+train.num_stps"),
        ("+train.num_stps=3", "train.num_stps: there is no such key, did you mean num_steps; "),
    ],
)
def test_a_wrong_name_is_told_the_nearest_one(tmp_path, override, line, in_process):
    code, text = in_process("train", *folders(tmp_path), override)
    assert_one_line(code, text)
    assert re.search(line, text)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("runs_dir", ["/proc/nope", "/etc/passwd"])
def test_a_folder_that_cannot_be_made_is_one_line(tmp_path, runs_dir, in_process):
    code, text = in_process("train", *folders(tmp_path), f"machine.runs_dir={runs_dir}")
    assert_one_line(code, text, runs_dir)
    assert not list(tmp_path.iterdir())


def test_a_law_without_connected_graphs_is_one_line(tmp_path, tiny, in_process):
    code, text = in_process(
        "train", *tiny, *folders(tmp_path), "distribution@train.distribution=random_geometric",
        "train.distribution.random_geometric.factor=0.05", "train.sizes=[64]",
    )  # fmt: skip
    assert_one_line(code, text, "0.05", "no connected graph of size 64")


@pytest.mark.parametrize("target", ["missing", "empty"])
def test_a_missing_run_folder_is_one_line(tmp_path, target, in_process):
    (tmp_path / "empty").mkdir()
    code, text = in_process("evaluate", f"run={tmp_path / target}")
    assert_one_line(code, text, str(tmp_path / target))
    assert not list((tmp_path / "empty").iterdir())


def test_an_evaluation_of_nothing_is_one_line(in_process):
    assert_one_line(*in_process("evaluate"), "run")


def test_an_interrupt_is_one_word(tmp_path, monkeypatch, capfd):
    def interrupted(config):
        raise KeyboardInterrupt

    monkeypatch.setattr(sys, "argv", ["experiments/train.py", *folders(tmp_path)])
    with pytest.raises(SystemExit) as raised:
        start("train", interrupted)
    assert raised.value.code == 130
    assert capfd.readouterr().err == "interrupted\n"


def test_an_error_leaves_the_process_with_a_line_and_a_code(tmp_path):
    code, text = ended(Forked("experiments.train", "train.sizes=[]", *folders(tmp_path)))
    assert code == 1
    assert text.strip().splitlines() == [
        "error: train.sizes must be a list of one or more different whole numbers, got []"
    ]


def test_an_aggregation_can_be_one_word():
    for model in ("encode_process_decode", "linear_messages"):
        study(f"model={model}", "model.aggregations=sum").build_model()


def test_models_that_take_no_steps_or_any_number_take_what_is_asked():
    asked = ["train.num_message_passing_steps=3", "transfer.num_message_passing_steps=[2,1x]"]
    for model in ("deep_sets", "node_mlp", "linear_messages"):
        parts = study(f"model={model}", *asked)
        parts.check_steps(parts.build_model())
    own = ["train.num_message_passing_steps=10", "transfer.num_message_passing_steps=[null,10]"]
    parts = study("model.share_weights=false", *own)
    parts.check_steps(parts.build_model())


@pytest.mark.parametrize(
    ("error", "is_told"),
    [
        (MemoryError(), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), True),
        (ImportError("x.so: failed to map segment from shared object"), True),
        (RuntimeError("a bug"), False),
    ],
)
def test_a_lack_of_memory_is_one_line_and_a_bug_is_not(monkeypatch, error, is_told):
    def fail(_):
        raise error

    monkeypatch.setattr(sys, "argv", ["experiments/publish.py", "study=s"])
    GlobalHydra.instance().clear()
    with pytest.raises(SystemExit if is_told else RuntimeError) as raised:
        start("publish", fail)
    if is_told:
        assert raised.value.code.startswith("error: one of the inputs must be smaller, because")


@pytest.mark.parametrize("value", ["9" * 400, "-" + "9" * 400, ".nan", ".inf"])
def test_a_number_that_no_float_can_be_is_no_number(value):
    assert not is_number(yaml.safe_load(value))
