"""Figures of bodies, from made-up tables."""

import dataclasses
import math

import numpy as np
import pytest
from omegaconf import OmegaConf

from experiments.figures.exhibit import Tables
from experiments.figures.lines import model_of
from experiments.figures.style import GREYS, LOOK
from experiments.settings.construct import construct
from experiments.tables.estimates import KEY, MethodEstimate
from tests.conftest import ROOT
from tests.experiments.test_tables_and_figures import row


def scores():
    """Make a row for everything in the figures of bodies; one model has no answer at 24."""
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
                            steps_rule="", distribution=task, size=size,
                            shift="none" if size == 6 else "size",
                            mean=mean, low=mean / 2, high=mean * 2,
                        )  # fmt: skip


FIGURES = ["body_transfer", "energy_drift", "rollout_error"]


def figure_of(name):
    return construct(OmegaConf.load(ROOT / "conf" / "figure" / f"{name}.yaml"), name)


@pytest.mark.slow
def test_the_same_tables_give_the_same_pictures(tmp_path, monkeypatch):
    monkeypatch.setitem(LOOK, "savefig.dpi", 40)
    tables = Tables(list(scores()), {})
    drawn = [
        [path for name in FIGURES for path in figure_of(name).save(tables, tmp_path / part / name)]
        for part in "ab"
    ]
    assert len(drawn[0]) == 2 * len(FIGURES)
    for first, second in zip(*drawn, strict=True):
        assert first.read_bytes() == second.read_bytes(), first.name


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


def with_intervals(rows, low, high):
    """Give the methods of rows an interval between two multiples of the mean over the runs."""
    found = []
    for r in rows:
        about = {name: getattr(r, name) for name in KEY}
        mean = float(np.mean([o.mean for o in rows if all(getattr(o, k) == about[k] for k in KEY)]))
        known = MethodEstimate(**about, mean=mean, low=low * mean, high=high * mean, num_runs=2,
                               num_groups=20, of_runs=0.0, of_instances=0.0)  # fmt: skip
        found.append(dataclasses.replace(r, estimate=known))
    return found


def test_a_method_without_an_answer_says_so_and_intervals_stay_above_0():
    rows = [r for r in scores() if r.task == "gravity" and r.metric == "velocity_ratio"]
    figure = figure_of("body_transfer").draw(Tables(with_intervals(rows, 0.0, 2.0), {}))
    axes = figure.axes[0]
    assert [text.get_text() for text in axes.texts] == ["n/a"]
    ends = [s for c in axes.collections for s in c.get_segments() if len(s)]
    low = min(segment[:, 1].min() for segment in ends)
    assert low == pytest.approx(0.02)  # the lowest run, since the interval reaches 0
    assert axes.get_ylim()[0] > 0
    assert "Bars: 95\xa0% intervals over runs and instances" in figure.get_supxlabel()


def test_the_answers_that_need_no_training_are_thin_grey_lines_without_intervals():
    rows = [r for r in scores() if r.task == "gravity" and r.metric == "velocity_ratio"]
    euler = [dataclasses.replace(r, model="euler", mean=0.05) for r in rows if r.seed == 0]
    figure = figure_of("body_transfer").draw(Tables([*rows, *euler], {}))
    (line,) = [x for x in figure.axes[0].lines if x.get_label() == "Euler, true force"]
    assert line.get_xydata().tolist() == [[size, 0.05] for size in (3, 6, 12, 24)]
    assert line.get_color() in GREYS
    text = " ".join(figure.get_supxlabel().split())
    assert text.startswith("2 runs, 20 instances a cell. No intervals")  # Euler is not counted
    assert text.endswith("Grey: answers that need no training.")


@pytest.mark.parametrize("name", ["body_transfer", "energy_drift"])
def test_every_line_of_a_figure_is_an_arm_of_its_study(name):
    arms = (ROOT / "conf" / "experiment" / "nbody_cpu").glob("*.yaml")
    labels = {OmegaConf.load(arm).label for arm in arms}
    figure = figure_of(name)
    assert {model_of(line) for line in [*figure.lines, *figure.trivial]} <= labels
