"""Rollouts of a trained run as a table."""

import math

import numpy as np
import pytest

from experiments.figures.scene_drawing import Track
from experiments.rollout import roll_out
from experiments.settings.errors import UserError
from experiments.tables.rollout_points import RolloutPoint
from experiments.tables.rows import read_table
from experiments.train import train
from tests.conftest import composed

SHORT = ["task.num_frames=20", "task.horizons=[1,10]", "task.valid_horizon=5"]


def trained(folder, *overrides):
    train(composed(
        "label=tiny", "model=node_mlp", "train.num_steps=5", "train.num_instances=8",
        "train.batch_size=4", "val.num_instances=4", "val.every=5", "transfer.num_instances=2",
        f"machine.data_dir={folder}/data", f"machine.runs_dir={folder}/runs", *overrides,
    ))  # fmt: skip
    return next((folder / "runs").rglob("DONE")).parent


@pytest.fixture(scope="module")
def strings(tmp_path_factory):
    """Of strings, which have springs, a pinned end and a disc."""
    return trained(
        tmp_path_factory.mktemp("strings"), "task=next_step", *SHORT, "transfer.sizes=[6]",
        "distribution@train.distribution=string_pinned_1", "~transfer.distributions.gravity",
        "+distribution@transfer.distributions=[string_pinned_1]", "task_label=string",
    )  # fmt: skip


def config(run, file, *overrides):
    return composed(
        f"run={run}", f"file={file}", "sizes=[3,6]", "num_frames=12", "every=4", *overrides,
        f"machine.data_dir={run.parent.parent.parent}/data", "machine.device=cpu",
        config_name="rollout",
    )  # fmt: skip


def test_a_rollout_begins_with_the_truth_and_leaves_it(strings, tmp_path):
    roll_out(config(strings, tmp_path / "t.csv"))
    points = read_table(tmp_path / "t.csv", RolloutPoint)
    assert len(points) == (4 + 7) * 4  # bodies and disc, frames 0, 4, 8, 12
    assert {(p.task, p.model, p.distribution) for p in points} == {
        ("string", "tiny", "string_pinned_1")
    }
    starts = [p for p in points if p.frame == 0]
    assert all((p.x, p.y) == (p.predicted_x, p.predicted_y) for p in starts)
    assert all(p.energy == p.predicted_energy == p.time == 0 for p in starts)
    ends = [p for p in points if p.frame == 12]
    assert any((p.x, p.y) != (p.predicted_x, p.predicted_y) for p in ends if p.kind == "moving")
    held = [p for p in ends if p.kind != "moving"]
    assert sorted(p.kind for p in held) == ["disc", "disc", "pinned", "pinned"]
    assert all((p.x, p.y) == (p.predicted_x, p.predicted_y) for p in held)
    assert ends[0].time == pytest.approx(12 * 2.5e-3)
    assert math.isnan(points[0].half_width)


def test_the_springs_of_a_string_are_a_chain(strings, tmp_path):
    roll_out(config(strings, tmp_path / "t.csv"))
    points = read_table(tmp_path / "t.csv", RolloutPoint)
    track = Track.of([p for p in points if p.size == 6])
    assert track.true.shape == track.predicted.shape == (4, 7, 2)
    ends = [body for pair in track.springs for body in pair]
    assert sorted(np.bincount(ends, minlength=7)) == [0, 1, 1, 2, 2, 2, 2]


def test_a_rollout_overwrites_nothing_and_says_in_a_line_what_is_wrong(strings, tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("mine")
    with pytest.raises(UserError, match=r"t\.csv exists"):
        roll_out(config(strings, file))
    assert file.read_text() == "mine"
    for override, line in (
        ("num_frames=21", "num_frames: 21 is not allowed, up to 20 is"),
        ("num_frames=0", "num_frames: 0 is not allowed, 1 or more is"),
        ("every=x", "every: 'x' is not allowed"),
        ("instance=-1", "instance: -1 is not allowed"),
        ("sizes=6", "sizes"),
        ("sizes=[x]", "sizes: "),
        ("task_label=balls", "is the name of 0 runs of task_label 'balls', of one is"),
    ):
        with pytest.raises(UserError, match=line) as raised:
            roll_out(config(strings, tmp_path / "other.csv", override))
        assert "\n" not in str(raised.value)
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


def test_a_run_of_another_task_or_of_fewer_slots_has_no_rollout(tmp_path):
    other = trained(
        tmp_path / "paths", "task=shortest_path", "train.sizes=[8]", "transfer.sizes=[8]"
    )
    with pytest.raises(UserError, match="is not of the task next_step"):
        roll_out(config(other, tmp_path / "t.csv"))
    slots = trained(
        tmp_path / "slots", "task=next_step", *SHORT, "transfer.sizes=[6]", "model=padded_mlp",
        "model.max_num_nodes=6",
    )  # fmt: skip
    with pytest.raises(UserError, match=r"sizes: 12 is not allowed, .* up to 6 nodes"):
        roll_out(config(slots, tmp_path / "t.csv", "sizes=[12]"))


def test_balls_have_walls_and_radii(tmp_path):
    run = trained(
        tmp_path / "balls", "task=next_step", *SHORT, "transfer.sizes=[6]", "model=zero",
        "distribution@train.distribution=balls", "~transfer.distributions.gravity",
        "+distribution@transfer.distributions=[balls]", "task_label=balls", "train.skip=true",
    )  # fmt: skip
    roll_out(config(run, tmp_path / "t.csv", "sizes=[6]", "task_label=balls"))
    points = read_table(tmp_path / "t.csv", RolloutPoint)
    assert {p.kind for p in points} == {"moving"}
    assert all(p.radius > 0 and abs(p.x) + p.radius <= p.half_width + 1e-3 for p in points)
