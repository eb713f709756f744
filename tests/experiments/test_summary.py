import math
import re

import pytest

from experiments.processes.duration import Clock, in_words
from experiments.statistics.summary import summary
from experiments.tables.goals import MetricGoal
from tests.experiments.test_tables_and_figures import row

HOME = {"distribution": "plane", "steps_rule": ""}
SCORE = MetricGoal("t", "valid", 1, 1)


def scores(model, parameters=5, elsewhere=(0.3, 0.5)):
    """Return rows on the plane at 8 and 64, and on two other distributions at 8 and 32."""
    known = {"task": "t", "model": model, "num_parameters": parameters, "low": math.nan}
    rows = [row(**HOME, **known, size=64, shift="size", mean=0.0123)]
    rows += [row(**HOME, **known, size=8, shift="none", mean=0.75)]
    for name, mean in zip(("grid", "tree"), elsewhere, strict=False):
        where = {"distribution": name, "steps_rule": "", "shift": "both"}
        rows += [row(**where, **known, size=size, mean=mean * size / 32) for size in (8, 32)]
    return rows


def test_a_summary_has_a_line_for_every_method_and_a_mean_over_what_is_far():
    rows = scores("ruler", 0) + scores("network") + scores("partial", elsewhere=(0.3,))
    title, head, *lines = summary(rows, [SCORE]).splitlines()
    assert title.startswith("t: valid, mean [95 % interval")
    columns = re.split(r"\s{2,}", head)
    assert columns == ["method", "parameters", "plane 8", "64", "2 other distributions, 32"]
    assert [line.split() for line in lines] == [
        ["network", "5", "0.75", "0.012", "0.40"],
        ["partial", "5", "0.75", "0.012", "–"],
        ["ruler", "0", "0.75", "0.012", "0.40"],
    ]


def test_every_task_of_a_summary_has_a_table_of_its_own():
    other = [row(**HOME, task="u", metric="error", mean=250.4, low=math.nan, shift="none")]
    first, second = summary(scores("a") + other, [SCORE]).split("\n\n")
    assert first.startswith("t: valid")
    assert second.splitlines()[-1].endswith(" 250")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "0 s"),
        (89, "89 s"),
        (90, "2 min"),
        (5000, "83 min"),
        (5400, "1.5 h"),
        (2e5, "2.3 days"),
    ],
)
def test_a_duration_has_two_digits_and_a_unit(seconds, words):
    assert in_words(seconds) == words


def test_a_clock_expects_the_pace_since_the_start_alone(monkeypatch):
    now = iter((10.0, 16.0, 16.0))
    monkeypatch.setattr("experiments.processes.duration.time.monotonic", lambda: next(now))
    clock = Clock(num_done=4)
    assert clock.left(6, 10) == 12.0  # two parts in six seconds, four to go
    assert clock.left(4, 10) == math.inf
