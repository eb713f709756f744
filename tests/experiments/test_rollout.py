"""Rollouts as a table, and what is drawn from it."""

import dataclasses
import math

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from omegaconf import OmegaConf

from experiments.construct import construct
from experiments.errors import UserError
from experiments.figures.rollout import Rollout
from experiments.figures.scene_drawing import Track
from experiments.figures.style import LOOK, Tables, _animate, draw_figures
from experiments.rollout import roll_out
from experiments.rollout_points import RolloutPoint
from experiments.table import read_table, write_table
from experiments.train import train
from tests.conftest import ROOT, composed
from tests.experiments.test_tables_and_figures import row

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
        ("sizes=6", "sizes: 6 is not allowed"),
        ("sizes=[x]", "sizes: "),
        ("task_label=balls", "task_label: 0 of .* are 'balls'"),
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


def spiral(task, half_width):
    """Two bodies and a disc, for both sizes: a prediction that turns away from the truth."""
    for size in (6, 12):
        for frame in range(0, 30, 3):
            for body, kind in enumerate(("moving", "moving", "disc")):
                x, y = math.cos(body + frame / 20), math.sin(body + frame / 20)
                yield RolloutPoint(
                    task, "interaction_network", task, size, 0, half_width, frame, frame / 100, 0.0,
                    frame / 90, body, kind, 0.1 * body, "1" if body == 0 else "", x, y, 1.1 * x, y,
                )  # fmt: skip


def scores():
    """A row for everything that the figures of bodies show; one model has no answer at 24."""
    metrics = {"velocity_ratio": 0.02, "energy_drift": 0.3, "energy_drift_true": 1e-5}
    for frame in (1, 10, 100):
        metrics |= {f"ratio_{frame}": 0.01 * frame, f"floor_{frame}": 1e-6 * frame}
        metrics |= {f"constant_{frame}": 0.1 * frame}
    for task in ("gravity", "balls", "string"):
        for size in (3, 6, 12, 24):
            for model in ("interaction_network", "padded_mlp"):
                for seed in (0, 1):
                    for metric, value in metrics.items():
                        is_defined = model != "padded_mlp" or size < 24
                        mean = value * (1 + 2 * seed) if is_defined else math.nan
                        yield row(
                            study="nbody_cpu", task=task, model=model, seed=seed, metric=metric,
                            distribution=task, size=size, shift="none" if size == 6 else "size",
                            mean=mean, low=mean / 2, high=mean * 2,
                        )  # fmt: skip


FIGURES = ["body_transfer", "energy_drift", "rollout_error"]
ROLLOUTS = ["rollout_balls", "rollout_gravity", "rollout_string"]


def figure_of(name):
    return construct(OmegaConf.load(ROOT / "conf" / "figure" / f"{name}.yaml"), name)


def test_the_same_tables_give_the_same_pictures(tmp_path, monkeypatch):
    monkeypatch.setattr(Rollout, "frames", lambda *_: [])  # their bytes: the next test
    monkeypatch.setitem(LOOK, "savefig.dpi", 40)
    folders = [tmp_path / name / "nbody_cpu" for name in "ab"]
    for folder in folders:
        write_table(list(scores()), folder / "transfer.csv")
        (folder / "cells.csv").write_text((ROOT / "results/quickstart/cells.csv").read_text())
        for task, half_width in (("gravity", math.nan), ("balls", 2.0), ("string", math.nan)):
            points = spiral(task, half_width)
            write_table(points, folder / f"rollouts_{task}.csv", RolloutPoint)
    drawn = [draw_figures(folder) for folder in folders]
    assert {path.stem for path in drawn[0]} >= {*FIGURES, *ROLLOUTS}
    for first, second in zip(*drawn, strict=True):
        assert first.read_bytes() == second.read_bytes(), first.name


def test_a_rollout_moves(tmp_path):
    points = list(spiral("balls", 2.0))
    figure = dataclasses.replace(figure_of("rollout_balls"), num_pictures=3)
    assert not figure.can_draw(Tables([], {}))
    assert not figure.can_draw(Tables([], {}, rollouts=list(spiral("gravity", 2.0))))
    tables = Tables([], {}, rollouts=points)
    assert figure.can_draw(tables)
    with mpl.rc_context(LOOK):
        animations = [_animate(figure.frames(tables), tmp_path / name)[0] for name in "ab"]
        pictures = [np.asarray(drawn(frame)) for frame in figure.frames(tables)]
    assert animations[0].read_bytes() == animations[1].read_bytes()
    assert len(pictures) == 3
    assert (pictures[0] != pictures[2]).any()


def drawn(frame):
    canvas = FigureCanvasAgg(frame)
    canvas.draw()
    return canvas.buffer_rgba()


@pytest.mark.parametrize("name", FIGURES)
def test_rows_of_one_kind_of_scene_are_in_its_panel_alone(name):
    rows = list(scores())
    others = [r if r.task == "balls" else dataclasses.replace(r, mean=r.mean / 5) for r in rows]
    figure = figure_of(name)

    def lines(table, panel):
        axes = figure.draw(Tables(table, {})).axes[panel]
        return [line.get_xydata().tolist() for line in axes.lines]

    assert lines(rows, 1) == lines(others, 1)
    assert lines(rows, 0) != lines(others, 0)


def test_a_method_without_an_answer_says_so_and_intervals_stay_above_0():
    figure = figure_of("body_transfer").draw(Tables(list(scores()), {}))
    axes = figure.axes[0]
    assert [text.get_text() for text in axes.texts] == ["n/a"]
    low = min(segment[:, 1].min() for c in axes.collections for segment in c.get_segments())
    assert low == pytest.approx(0.02)  # the least run: the interval over two seeds reaches 0
    assert axes.get_ylim()[0] > 0
