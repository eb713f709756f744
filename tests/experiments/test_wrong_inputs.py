"""A wrong input of any command ends in one line that names its key, and writes nothing."""

import pytest

from experiments.__main__ import commands
from tests.conftest import ROOT

TABLE = (ROOT / "tests" / "experiments" / "wrong_inputs.txt").read_text(encoding="utf-8")
CASES = [line.split(" -> ") for line in TABLE.splitlines() if not line.startswith("#")]
EVERY = 8  # of so many cases one is a fast test, since composing a configuration takes 0.3 s


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=case[0], marks=[pytest.mark.slow] if k % EVERY else [])
        for k, case in enumerate(CASES)
    ],
)
def test_a_wrong_input_is_one_line_and_writes_nothing(tmp_path, case, in_process):
    words, start, *nearest = (text.replace("{tmp}", str(tmp_path)) for text in case)
    code, text = in_process(*words.split())
    assert code == 1
    assert text.startswith(f"error: {start}")
    assert "\n" not in text
    for name in nearest:
        assert f", did you mean {name}" in text
    assert not list(tmp_path.iterdir())


def test_every_command_has_wrong_inputs():
    assert {case[0].split()[0] for case in CASES} == set(commands())
    assert len(CASES) >= 150
