import logging
import re
import shutil

import numpy as np
import pandas as pd
import pytest

from experiments.collect import current_runs
from experiments.compare import compare
from experiments.errors import UserError
from experiments.metric_goals import MetricGoal, goals_of, perfect_of
from experiments.paired import paired
from experiments.run_folder import RunFolder
from experiments.score_matrix import by_method, scores_of, shared_cells
from experiments.standings import Goal, standings
from experiments.table import read_table, write_table
from experiments.train import train
from tests.conftest import ROOT, composed
from tests.experiments.test_tables_and_figures import row

PAGE = ROOT / "docs" / "statistics.md"


def rows_of(model, scores, **changes):
    """Rows of a method: its score as trained at 16, then at 32, 64, ...; three runs alike."""
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
    assert (b.shifted.mean, b.home, b.reach, b.reaches) == (0.7, 0.9, 2, (2, 2, 2))
    assert b.gap.mean == pytest.approx(0.2)
    assert b.better is not None
    assert b.better.mean == 1
    assert a.better is None


def test_of_errors_the_least_is_first():
    methods = of(rows_of("a", [0.1, 5.0, 9.0]), rows_of("b", [0.2, 0.3, 0.5]))
    (b, a), _ = standings(methods, Goal(0, 0.4), "a@10")
    assert (b.method, a.method) == ("b@10", "a@10")
    assert b.better is not None
    assert (b.better.mean, b.reach, b.gap.mean) == (1, 2, pytest.approx(0.2))


def test_a_model_without_an_answer_is_the_worst_of_all():
    methods = of(rows_of("a", [0.9, 0.1, 0.1]), rows_of("b", [0.9, float("nan"), float("nan")]))
    (first, last), _ = standings(methods, Goal(1, 0.5))
    assert (first.method, last.shifted.mean) == ("a@10", 0)
    (first, last), _ = standings(methods, Goal(0, 0.5))
    assert (first.method, last.shifted.mean) == ("a@10", np.inf)


def test_methods_are_compared_on_cells_that_are_shifted_for_all():
    trained_elsewhere = [row(model="c", seed=s, distribution="home", size=32, shift="none")
                         for s in range(3)]  # fmt: skip
    methods = of(rows_of("a", [1, 1, 1, 1]), rows_of("b", [1, 1, 1])[:-1], trained_elsewhere)
    assert shared_cells({k: v for k, v in methods.items() if k != "c@10"}) == [("home", 32)]
    assert shared_cells(methods) == []
    with pytest.raises(UserError, match="no cell is shifted for all"):
        standings(methods, Goal(1, 0.5))


def test_two_scores_for_the_same_are_told():
    rows = rows_of("a", [1, 1])
    with pytest.raises(UserError, match="two scores"):
        scores_of([*rows, rows[-1]], [("home", 32)], perfect=1)
    with pytest.raises(UserError, match="no score for"):
        scores_of(rows, [("home", 64)], perfect=1)


def test_every_metric_of_the_committed_studies_says_what_is_good():
    for folder in (ROOT / "results").glob("*/transfer.csv"):
        rows = read_table(folder)
        goals = read_table(folder.with_name("metrics.csv"), MetricGoal)
        assert {(r.task, r.metric) for r in rows} == {(g.task, g.metric) for g in goals}
        assert {g.perfect for g in goals if not np.isnan(g.perfect)} <= {0, 1}
        of_runs = goals_of(current_runs(folder.parent / "runs"))
        assert of_runs
        assert {str(goal) for goal in of_runs} <= {
            str(MetricGoal(g.task, g.metric, float(g.perfect))) for g in goals
        }
    bodies = read_table(ROOT / "results" / "nbody_cpu" / "metrics.csv", MetricGoal)
    assert perfect_of(bodies, "balls", "velocity_ratio") == 0
    assert perfect_of(bodies, "balls", "valid") == 1
    with pytest.raises(UserError, match="metric: 'floor_1' is not allowed"):
        perfect_of(bodies, "balls", "floor_1")


def compared(caplog, *overrides):
    with caplog.at_level(logging.INFO):
        compare(composed(f"results_dir={ROOT}/results", *overrides, config_name="compare"))
    return caplog.text


def test_the_ranking_of_quickstart_is_that_of_its_table(caplog):
    text = compared(caplog, "study=quickstart", "pool_tasks=true", "baseline=untrained@1x")
    lines = [line.split() for line in text.splitlines()]
    ranked = [line[0] for line in lines if line and line[0].split("@")[0] in
              ("next_hop", "demo", "deep_sets", "untrained", "node_mlp")]  # fmt: skip
    assert ranked[:4] == ["next_hop@1x", "next_hop@12", "demo@1x", "demo@10"]
    (written,) = re.findall(r"```text\n(.*?)\n```", PAGE.read_text(), re.DOTALL)
    assert written == caplog.records[-1].message
    assert "4x (4–4)" in text


def test_what_was_not_scored_as_trained_is_left_out_of_a_ranking(caplog):
    text = compared(caplog, "study=sat_cpu", "models=[neuro_sat,walk_sat]")
    assert "neuro_sat@512 has no score as trained: left out" in text
    assert "nan" not in text


@pytest.mark.parametrize(
    ("override", "line"),
    [
        ("baseline=x", "baseline: 'x' is not allowed, one of these is: deep_sets, next"),
        ("models=[x]", r"models: \['x'\] is not allowed"),
        ("models=x", "models: x is not allowed"),
        ("steps_rules=[]", "steps_rules"),
        ("metric=x", "metric: 'x' is not allowed for shortest_path"),
        ("threshold=high", "threshold: 'high'"),
        ("pool_tasks=1", "pool_tasks: 1"),
        ("study=x", "there is no such table"),
    ],
)
def test_a_wrong_key_of_a_comparison_is_one_line(caplog, override, line):
    with pytest.raises(UserError, match=line) as raised:
        compared(caplog, "study=quickstart", override)
    assert "\n" not in str(raised.value)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two methods on the same instances, two seeds of the one."""
    folder = tmp_path_factory.mktemp("runs")
    sizes = "transfer.sizes=[8,16]"
    for label, seed, changes in (("a", 0, []), ("a", 1, []), ("b", 0, ["model.hidden_dim=8"]),
                                 ("other", 0, ["data_seed=1"])):  # fmt: skip
        config = composed(
            "model=node_mlp", "train.num_steps=20", "train.num_instances=64", "train.sizes=[8]",
            "val.num_instances=8", "val.every=10", "transfer.num_instances=8", sizes,
            f"machine.data_dir={folder}/data", f"machine.runs_dir={folder}", "study=s",
            "machine.num_workers=1", f"label={label}", f"seed={seed}", *changes,
        )  # fmt: skip
        train(config)
    return folder / "s"


def pair(runs, caplog, *overrides):
    caplog.set_level(logging.INFO)
    caplog.clear()
    config = composed(f"a={runs}/a-*", f"b={runs}/b-*", *overrides, config_name="paired")
    paired(config)
    return [record.message for record in caplog.records]


def test_two_methods_are_compared_instance_by_instance(runs, caplog):
    who, _, table = pair(runs, caplog, "metric=node_accuracy")
    assert who == "a: a, 2 runs\nb: b, 1 runs"
    line = table.splitlines()[1].split()
    frames = [pd.read_parquet(path) for name in ("a-seed0", "a-seed1", "b-seed0")
              for path in runs.glob(f"{name}*/instances.parquet")]  # fmt: skip
    means = [f[f["size"] == 8]["node_accuracy"].mean() for f in frames]
    assert line[1:3] == ["8", "8"]
    assert float(line[3]) == pytest.approx(np.mean(means[:2]), rel=5e-3)
    assert float(line[4]) == pytest.approx(means[2], rel=5e-3)
    assert pair(runs, caplog, "metric=node_accuracy")[2] == table


def test_a_method_against_itself_is_no_better(runs, caplog):
    table = pair(runs, caplog, f"b={runs}/a-seed0-*", f"a={runs}/a-seed0-*")[2]
    assert next(line.split()[-3:] for line in table.splitlines()[1:]) == ["0", "0", "1"]


def test_other_instances_are_not_compared(runs, caplog):
    with pytest.raises(UserError, match=r"b: its instances of .* are not those of a"):
        pair(runs, caplog, f"b={runs}/other-*")


@pytest.mark.parametrize(
    ("override", "line"),
    [("b=nothing", "b: 'nothing' is the name of no run"), ("metric=x", "metric: 'x'"),
     ("name=later", "there is no such table"), ("name=../x", "name: '../x'")],
)  # fmt: skip
def test_a_wrong_key_of_a_pair_is_one_line(runs, caplog, override, line):
    with pytest.raises(UserError, match=line) as raised:
        pair(runs, caplog, override)
    assert "\n" not in str(raised.value)


def test_runs_of_two_configurations_are_no_method(runs, caplog):
    with pytest.raises(UserError, match=r"a: .* matches runs of several configurations"):
        pair(runs, caplog, f"a={runs}/*")


def test_damaged_scores_are_one_line(runs, caplog, tmp_path):
    copy = tmp_path / "a-seed0-0"
    shutil.copytree(next(runs.glob("a-seed0-*")), copy)
    (copy / "instances.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(UserError, match="cannot be read") as raised:
        pair(runs, caplog, f"a={copy}")
    assert "\n" not in str(raised.value)
    frame = pd.read_parquet(next(runs.glob("a-seed0-*/instances.parquet")))
    frame[frame["index"] != 3].to_parquet(copy / "instances.parquet")
    with pytest.raises(UserError, match="are not 0, 1, 2"):
        pair(runs, caplog, f"a={copy}")


def test_a_run_tells_what_its_metrics_ask_for(runs, tmp_path, caplog):
    goals = goals_of([next(runs.glob("a-seed0-*"))])
    assert {g.metric: g.perfect for g in goals}["valid"] == 1
    stranger = RunFolder(tmp_path / "x")
    stranger.config_path.parent.mkdir(parents=True)
    stranger.config_path.write_text("task: {_target_: os.system}\nmodel: 1\n")
    write_table([row()], stranger.table_path())
    assert goals_of([stranger.path]) == []
    assert "tells nothing of its metrics" in caplog.text
