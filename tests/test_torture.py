"""Torture in its short form; and what it counts is what is wrong."""

import json
import re
import signal
import sys

import numpy as np
import pytest

from data_gen.reading import SUMS, add_sums
from tests.processes import run
from tests.torture.commands import Ended
from tests.torture.mutations import mutated
from tests.torture.places import apart, contents, leftovers
from tests.torture.tally import COLUMNS, LEFTOVER, TRACEBACK, Tally, report, table


@pytest.mark.slow
def test_torture_finds_nothing():
    ended = run([sys.executable, "-m", "tests.torture", "--share", "0.01", "--seed", "0"])
    assert ended.returncode == 0, ended.stdout + ended.stderr
    rows = [line.split() for line in ended.stdout.splitlines()[-5:]]
    assert [row[0] for row in rows] == ["kills", "limits", "crowd", "inputs", "foreign"]
    assert all(int(row[1]) > 0 and row[2:6] == ["0"] * 4 for row in rows)


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "seconds.json").write_text("1.5")
    (folder / "a.csv").write_text("x,seconds\n1,2.5\n")
    (folder / "b").write_bytes(b"b")
    add_sums(folder, folder.iterdir())
    return folder


def test_durations_are_no_difference(folder):
    before = contents(folder)
    (folder / "seconds.json").write_text("2.5")
    add_sums(folder, [folder / "seconds.json"])
    (folder / "a.csv").write_text("x,seconds\n1,3.5\n")
    assert apart(contents(folder), before) == []


@pytest.mark.parametrize("name", ["a.csv", "b", "seconds.json", SUMS])
def test_a_missing_or_changed_file_is_a_difference(folder, name):
    before = contents(folder)
    content = (folder / name).read_bytes()
    (folder / name).unlink()
    assert name in apart(contents(folder), before)
    changed = b"7.5" if name == "seconds.json" else content.replace(b"1", b"2").replace(b"b", b"c")
    (folder / name).write_bytes(changed)
    place = SUMS if name == "seconds.json" else name  # its sum is not right any more
    assert place in apart(contents(folder), before)


def test_a_new_file_is_a_difference_and_a_temporary_folder_a_leftover(folder):
    before = contents(folder)
    (folder / ".x.tmp0").mkdir()
    assert leftovers(folder) == [".x.tmp0"]
    (folder / "c").touch()
    assert apart(contents(folder), before) == ["c"]


@pytest.mark.parametrize(
    ("code", "text", "is_clean"),
    [
        (0, "done", True),
        (1, "a line\nerror: no", True),
        (1, "error: no\na line", False),
        (1, "error: no\nerror: no", False),
        (1, "", False),
        (1, "Traceback (most recent call last):\nerror: no", False),
        (-signal.SIGSEGV, "error: no", False),
        (2, "error: no", False),
    ],
)
def test_a_clean_end_is_success_or_one_line(code, text, is_clean):
    assert Ended(code, text, 1.0).is_clean == is_clean


def test_the_table_has_the_counts_and_the_report_the_cases():
    tally = Tally("kills", tried=3)
    for number in (7, 5):
        tally.add(TRACEBACK, "train", number, "why")
    tally.add(LEFTOVER, "join", 1, "what")
    row = table([tally]).splitlines()[-1].split()
    assert row[:6] == ["kills", "3", "2", "0", "1", "0"]
    numbers = re.findall(r"--only kills/train --number (\d)", report([tally]))
    assert numbers == ["5", "7"]
    assert table([tally]).splitlines()[0].count("  ") >= len(COLUMNS)


def test_mutations_are_repeatable_and_change_nearly_everything():
    text = json.dumps({"step": 3, "val/loss": 0.25}).encode()
    made = [mutated(text, [b"other"], np.random.default_rng(k)) for k in range(200)]
    assert made == [mutated(text, [b"other"], np.random.default_rng(k)) for k in range(200)]
    assert sum(one != text for one in made) > 180
    assert len(set(made)) > 150
