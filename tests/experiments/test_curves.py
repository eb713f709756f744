import json

import pytest

from experiments.publish import publish
from experiments.settings.errors import UserError
from experiments.study.curves import curves_of
from experiments.study.join import current_runs
from experiments.tables.curves import CurvePoint
from experiments.tables.rows import read_table
from tests.conftest import ROOT
from tests.experiments.test_collect import done_run, publish_config


def with_curve(study, *lines, name="run", **changes):
    run = done_run(study, name, **changes)
    run.metrics_path.write_text("".join(f"{line}\n" for line in lines))
    return run


LINE = json.dumps({"step": 10, "train/loss": 0.5, "val/loss": 0.25, "seconds": 3.0})


def test_a_curve_has_a_row_for_every_metric_of_every_validation(tmp_path):
    run = with_curve(tmp_path, LINE, LINE.replace("10", "20"), seed=3)
    points = curves_of([run.path])
    assert [(p.step, p.metric, p.value) for p in points] == [
        (10, "train/loss", 0.5), (10, "val/loss", 0.25), (20, "train/loss", 0.5),
        (20, "val/loss", 0.25),
    ]  # fmt: skip
    assert {(p.study, p.model, p.seed, p.config_hash) for p in points} == {("s", "m", 3, "c")}


def test_a_run_without_training_has_no_curve(tmp_path):
    assert curves_of([done_run(tmp_path, "run").path, with_curve(tmp_path, name="b").path]) == []


@pytest.mark.parametrize("line", ["{", "5", '{"step": 1, "val/loss": "a"}', '{"val/loss": 1}'])
def test_a_curve_that_cannot_be_read_is_one_line(tmp_path, line):
    run = with_curve(tmp_path, LINE, line)
    with pytest.raises(UserError, match="line 2: not a point of a learning curve") as raised:
        curves_of([run.path])
    assert "\n" not in str(raised.value)


def test_publishing_writes_the_curves_of_all_runs(tmp_path):
    for seed in range(2):
        with_curve(tmp_path / "outputs" / "s", LINE, name=f"m-seed{seed}", seed=seed)
    publish(publish_config(tmp_path, runs="*-seed0"))
    points = read_table(tmp_path / "results" / "s" / "curves.csv", CurvePoint)
    assert [p.seed for p in points] == [0, 0, 1, 1]
    assert (tmp_path / "results" / "s" / "metrics.csv").is_file()


def test_the_committed_curves_are_those_of_the_committed_runs():
    for folder in sorted((ROOT / "results").glob("*/curves.csv")):
        written = set(read_table(folder, CurvePoint))
        assert written
        for point in curves_of(current_runs(folder.parent / "runs")):
            rounded = float(f"{point.value:.6g}")
            values = {**vars(point), "value": rounded}
            assert CurvePoint(**values) in written
