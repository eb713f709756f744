"""Overrides: what is printed can be pasted, and an error says how to quote."""

import shlex

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from experiments.dashboard import dashboard
from experiments.effects import effects
from experiments.plot import plot
from experiments.publish import publish
from experiments.rank import rank
from experiments.report import report
from experiments.settings.errors import UserError
from experiments.settings.overrides import as_override, as_text
from experiments.severity import severity
from tests.conftest import composed

NAMES = ["josé", "My Project (1)", "R&D", "O'Neil", "a,b", "a=b", 'say "hi"', 'it\'s "both"', "#1"]
VALUES = [
    None, True, False, 3, -2, 0.1, 1e-05, float("inf"), "plain", "a/b-c_d.cnf", "2024_11", "1e3",
    "null", "true", "", " x ", "back\\slash", [1, 2], [], ["a", "1"], [None, [True, 0.5]],
    {"low": 1, "x": [1, "2"]}, *NAMES,
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_what_is_written_as_an_override_is_read_as_it_was(value):
    (word,) = shlex.split(as_override("key", value))
    parsed = OverridesParser.create().parse_override(word)
    found = OmegaConf.create({"key": parsed.value()})  # without Hydra's quoted strings
    assert OmegaConf.to_container(found) == {"key": value}


def test_a_simple_value_is_written_plainly():
    assert [as_override("k", v) for v in (None, True, 64, 0.001, "sum")] == [
        "k=null", "k=true", "k=64", "k=0.001", "k=sum",
    ]  # fmt: skip
    assert as_text([1, None]) == "[1,null]"


@pytest.mark.parametrize("name", NAMES[:6])
def test_a_path_that_the_grammar_refuses_is_told_with_its_quotes(tmp_path, name, in_process):
    folder = str(tmp_path / name)
    given = f"machine.runs_dir={folder}"
    code, text = in_process("train", given)
    assert code == 1
    assert text.startswith("error: machine.runs_dir must be written ")
    assert "\n" not in text
    assert "hydra.cc" not in text
    words = text.partition("written ")[2].partition(", with quotes")[0]
    (override,) = shlex.split(words)
    # The line that is shown is a command that goes further: its only error is the next one.
    code, text = in_process("train", override, "seed=-1")
    assert text.startswith("error: seed must be")
    assert str(OverridesParser.create().parse_override(override).value()) == folder


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ("train.sizes=[8,", "train.sizes must be a value in Hydra's grammar, got '[8,' ("),
        ("quickstart", "an override must be key=value, got 'quickstart'"),
        (
            "study='half",
            "study must be written study=half, with quotes within those of the shell, got",
        ),
    ],
)
def test_other_overrides_that_cannot_be_read_are_one_line(given, line, in_process):
    code, text = in_process("train", given)
    assert code == 1
    assert text.startswith(f"error: {line}")
    assert "\n" not in text
    assert "hydra.cc" not in text


@pytest.mark.parametrize(
    ("given", "quoted"),
    [
        ("study=2024_11", """'study="2024_11"'"""),
        ("label=1e3", """'label="1e3"'"""),
        ("machine.runs_dir=2024_11", """'machine.runs_dir="2024_11"'"""),
    ],
)
def test_a_name_of_digits_is_told_that_it_was_read_as_a_number(given, quoted, in_process):
    code, text = in_process("train", given)
    assert code == 1
    assert text.endswith(f", a number; as a text: {quoted}")
    (override,) = shlex.split(quoted)
    assert in_process("train", override, "seed=-1")[1].startswith("error: seed must be")


def test_a_name_of_digits_is_told_for_files_and_evaluations_too(tmp_path, in_process):
    assert in_process("evaluate", "run=x", "name=2024_11")[1] == (
        "error: name must be a text of letters, digits, _ and -, got 202411, a number;"
        """ as a text: 'name="2024_11"'"""
    )


COMMANDS = {
    "plot": plot, "publish": publish, "rank": rank, "report": report, "effects": effects,
    "severity": severity, "dashboard": dashboard,
}  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_on_a_study_takes_no_number_for_a_name_or_a_folder(name):
    for key in ("study", "results_dir", "runs_dir"):
        config = composed("study=s", config_name=name)
        if key in config:
            config[key] = 2024
            with pytest.raises(UserError, match=rf"^{key} must be .*, a number; as a text: "):
                COMMANDS[name](config)
