import logging
import re
from dataclasses import replace

import numpy as np
import pytest

from experiments.rank import rank
from experiments.report_page.numbers import table_data
from experiments.settings.errors import UserError
from experiments.statistics.markdown import leaderboard
from experiments.statistics.matrix import by_method, is_home, scores_of, shared_cells
from experiments.statistics.standings import Goal, best_first, standings
from experiments.study.goals import goals_of
from experiments.study.join import current_runs
from experiments.tables.goals import MetricGoal, perfect_of
from experiments.tables.rows import read_table, write_table
from tests.conftest import ROOT, composed
from tests.experiments.test_tables_and_figures import STUDIES, row

PAGE = ROOT / "docs" / "statistics.md"


def rows_of(model, scores, **changes):
    """Make rows of a method: scores at 16 (the training size), 32, 64, ...; three equal runs."""
    sizes = [16 * 2**k for k in range(len(scores))]
    return [
        row(model=model, seed=seed, distribution="home", size=size, mean=score,
            shift="none" if size == 16 else "size", **changes)
        for size, score in zip(sizes, scores, strict=True) for seed in range(3)
    ]  # fmt: skip


def of(*methods):
    return by_method([row for rows in methods for row in rows])


def test_the_best_on_shifted_cells_is_first_whatever_it_was_as_trained():
    methods = of(rows_of("a", [1.0, 0.2, 0.2]), rows_of("b", [0.9, 0.8, 0.6]))
    (b, a), cells = standings(methods, Goal(1, 0.75), "a@10")
    assert [b.method, a.method] == ["b@10", "a@10"]
    assert cells == [("home", 32), ("home", 64)]
    assert b.shifted.mean == pytest.approx(0.7)
    assert (b.home, b.reach, b.reaches) == (0.9, 2, (2, 2, 2))
    assert b.gap.mean == pytest.approx(0.2)
    assert b.better == 1
    assert a.better is None


def test_the_smallest_error_is_first():
    methods = of(rows_of("a", [0.1, 5.0, 9.0]), rows_of("b", [0.2, 0.3, 0.5]))
    (b, a), _ = standings(methods, Goal(0, 0.4), "a@10")
    assert (b.method, a.method) == ("b@10", "a@10")
    assert (b.better, b.reach, b.gap.mean) == (1, 2, pytest.approx(0.2))


def test_a_model_without_an_answer_is_the_worst_of_all():
    methods = of(rows_of("a", [0.9, 0.1, 0.1]), rows_of("b", [0.9, float("nan"), float("nan")]))
    (first, last), _ = standings(methods, Goal(1, 0.5))
    assert (first.method, last.shifted.mean) == ("a@10", 0)
    (first, last), _ = standings(methods, Goal(0, 0.5))
    assert (first.method, last.shifted.mean) == ("a@10", np.inf)


def test_reach_is_of_the_mean_over_the_families_trained_on():
    other = [replace(r, distribution="other", mean=0.5) for r in rows_of("a", [1, 1, 1])]
    for rows in (rows_of("a", [1, 1, 0.7]) + other, other + rows_of("a", [1, 1, 0.7])):
        ((a,), _) = standings(of(rows), Goal(1, 0.7))
        assert (a.reach, a.reaches) == (2, (2, 2, 2))
        ((a,), _) = standings(of(rows), Goal(1, 0.6))
        assert a.reach == 4


def test_a_label_of_two_tasks_is_two_methods():
    methods = of(rows_of("a", [1, 1], task="t"), rows_of("a", [1, 0.5], task="u"),
                 rows_of("b", [1, 0.2], task="u"))  # fmt: skip
    assert list(methods) == ["t/a@10", "u/a@10", "b@10"]
    assert [standing.method for standing in standings(methods, Goal(1, 0.5))[0]] == list(methods)


def test_methods_are_compared_on_cells_that_are_shifted_for_all():
    trained_elsewhere = [row(model="c", seed=s, distribution="home", size=32, shift="none")
                         for s in range(3)]  # fmt: skip
    methods = of(rows_of("a", [1, 1, 1, 1]), rows_of("b", [1, 1, 1])[:-1], trained_elsewhere)
    assert shared_cells({k: v for k, v in methods.items() if k != "c@10"}) == [("home", 32)]
    assert shared_cells(methods) == []
    with pytest.raises(UserError, match="no cell is shifted for all"):
        standings(methods, Goal(1, 0.5))


def test_duplicate_scores_are_reported():
    rows = rows_of("a", [1, 1])
    with pytest.raises(UserError, match="two scores"):
        scores_of([*rows, rows[-1]], [("home", 32)], perfect=1)
    with pytest.raises(UserError, match="no score for"):
        scores_of(rows, [("home", 64)], perfect=1)


@pytest.mark.slow
def test_every_metric_of_the_committed_studies_has_a_direction():
    for folder in (ROOT / "results").glob("*/transfer.csv"):
        rows = read_table(folder)
        goals = read_table(folder.with_name("metrics.csv"), MetricGoal)
        assert {(r.task, r.metric) for r in rows} == {(g.task, g.metric) for g in goals}
        assert {g.perfect for g in goals if not np.isnan(g.perfect)} <= {0, 1}
        of_runs = goals_of(current_runs(folder.parent / "runs"))
        assert of_runs
        assert {str(goal) for goal in of_runs} <= {str(goal) for goal in goals}
    bodies = read_table(ROOT / "results" / "nbody_cpu" / "metrics.csv", MetricGoal)
    assert perfect_of(bodies, "balls", "velocity_ratio") == 0
    assert perfect_of(bodies, "balls", "valid") == 1
    with pytest.raises(UserError, match=r"metric of balls must be one of .*, got 'floor_1'"):
        perfect_of(bodies, "balls", "floor_1")


def compared(caplog, *overrides):
    with caplog.at_level(logging.INFO):
        rank(composed(f"results_dir={ROOT}/results", *overrides, config_name="rank"))
    return caplog.text


def test_the_ranking_of_quickstart_is_that_of_its_table(caplog):
    text = compared(caplog, "study=quickstart", "pool_tasks=true", "baseline=untrained@12")
    lines = [line.split() for line in text.splitlines()]
    ranked = [line[0] for line in lines if line and line[0].split("@")[0] in
              ("next_hop", "demo", "deep_sets", "untrained", "node_mlp")]  # fmt: skip
    assert ranked[:4] == ["next_hop@1x", "next_hop@12", "demo@1x", "demo@10"]
    (written,) = re.findall(r"```text\n(.*?)\n```", PAGE.read_text(), re.DOTALL)
    assert written == caplog.records[-1].message
    assert "4x (4–4)" in text


def test_tasks_with_the_same_labels_are_ranked_together(caplog):
    text = compared(
        caplog, "study=size_transfer", "pool_tasks=true", "baseline=shortest_path/deep_sets"
    )
    ranked = [line.split()[0] for line in text.splitlines() if "@" in line]
    trained = [name for name in ranked if "bellman_ford" not in name]
    assert trained[0] == "shortest_path_next_hop/linear_messages@12"
    assert len(trained) == 4


def test_a_task_without_the_baseline_has_no_column_for_it(caplog):
    message = compared(caplog, "study=quickstart", "baseline=untrained@12")
    with_it, without = message.split("\n\n")
    assert "P(better than untrained@12)" in with_it
    assert "demo@1x" in without
    assert "better" not in without


def test_a_table_without_a_row_is_one_line(tmp_path):
    write_table([], tmp_path / "s" / "transfer.csv")
    with pytest.raises(UserError, match=r"s/transfer.csv: the table has no rows") as raised:
        rank(composed(f"results_dir={tmp_path}", "study=s", config_name="rank"))
    assert "\n" not in str(raised.value)


def test_what_was_not_scored_as_trained_is_left_out_of_a_ranking(caplog):
    text = compared(caplog, "study=sat_cpu", "models=[neuro_sat,walk_sat]")
    assert "neuro_sat@512 has no score as trained: left out" in text
    assert "nan" not in text


@pytest.mark.parametrize(
    ("override", "line"),
    [
        ("baseline=x", "baseline must be one of bellman_ford.*, got 'x'"),
        ("models=[x]", r"models must be a list of names among .*, got \['x'\]"),
        ("models=x", "models must be a list of names among .*, got 'x'"),
        ("steps_rules=[]", "steps_rules"),
        ("metric=x", "metric of shortest_path.* must be one of .*, got 'x'"),
        ("threshold=high", "threshold must be a number, got 'high'"),
        ("pool_tasks=1", "pool_tasks must be true or false, got 1"),
        ("study=x", "there is no such table"),
    ],
)
def test_a_wrong_key_of_a_comparison_is_one_line(caplog, override, line):
    with pytest.raises(UserError, match=line) as raised:
        compared(caplog, "study=quickstart", override)
    assert "\n" not in str(raised.value)


def test_methods_that_share_no_cell_are_in_tiers():
    few = [r for r in rows_of("few", [1, 0.1, 0.1]) if r.size < 64]
    apart = [replace(r, distribution="elsewhere") for r in rows_of("apart", [1, 1, 1])]
    methods = of(apart, few, rows_of("a", [1, 0.5, 0.9]), rows_of("b", [1, 0.6, 0.2]))
    assert best_first(methods, 1) == ["b@10", "a@10", "few@10", "apart@10"]  # by size 32
    assert best_first(methods, 0) == ["few@10", "a@10", "b@10", "apart@10"]
    untrained = [r for r in rows_of("u", [1, 1, 1]) if not is_home(r)]
    assert best_first(of(untrained, few), 1) == ["few@10", "u@10"]


@pytest.mark.parametrize("study", STUDIES, ids=lambda folder: folder.name)
def test_the_ranking_the_leaderboard_and_the_page_have_one_order(study):
    rows = read_table(study / "transfer.csv")
    goals = [g for g in read_table(study / "metrics.csv", MetricGoal) if not np.isnan(g.perfect)]
    page = table_data(rows, goals)["order"]
    assert {(g.task, g.metric) for g in goals} == {(t, m) for t in page for m in page[t]}
    first = {row.task: row.metric for row in rows[::-1]}  # the metric that is ranked by default
    num_ranked = 0
    for goal in goals:
        mine = [r for r in rows if (r.task, r.metric) == (goal.task, goal.metric)]
        lines = leaderboard(mine, goal.perfect).splitlines()[2:]
        board = [line.split(" | ")[0].removeprefix("| ") for line in lines]
        assert board == page[goal.task][goal.metric]
        assert sorted(board) == sorted(by_method(mine))
        trained = {n: of for n, of in by_method(mine).items() if any(map(is_home, of))}
        if first[goal.task] == goal.metric and shared_cells(trained):
            ranked = standings(trained, Goal(goal.perfect, 0.5))[0]
            means = [standing.shifted.mean for standing in ranked]
            assert means == sorted(means, reverse=goal.perfect == 1)
            assert [standing.method for standing in ranked] == board[: len(ranked)]
            num_ranked += 1
    assert num_ranked == len(first)
