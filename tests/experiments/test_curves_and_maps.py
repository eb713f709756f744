"""Figures of existing rows are defined by a yaml, without code."""

import math
from dataclasses import replace

import numpy as np
import pytest
from omegaconf import OmegaConf

from data_gen.summary import CellSummary
from experiments.figures import exhibit
from experiments.figures.axes import XAxis, YAxis
from experiments.figures.curves import Curves, Panel
from experiments.figures.exhibit import Tables, draw_figures
from experiments.figures.scores import Scores
from experiments.figures.style import GREYS
from experiments.plot import plot
from experiments.settings.construct import construct
from experiments.settings.errors import UserError
from experiments.tables.estimates import KEY, MethodEstimate
from experiments.tables.frame import chosen, frame_of, grouped
from experiments.tables.goals import MetricGoal
from experiments.tables.rows import write_table
from tests.conftest import ROOT
from tests.experiments.test_tables_and_figures import row

CURVES = """
_target_: experiments.figures.curves.Curves
study: mine
metric: valid
metric_label: share
x: {_target_: experiments.figures.axes.XAxis, label: size, train: [8, 16]}
panels:
  - {_target_: experiments.figures.curves.Panel, name: on grids, where: {distribution: grid}}
lines: {a@10: A, b: B}
"""
MAP = """
_target_: experiments.figures.score_map.ScoreMap
study: mine
metric: valid
caption: shares
framed: {shift: none}
columns: {"16": {size: 16}, "32": {size: 32}}
panels:
  - {_target_: experiments.figures.score_map.Panel, name: on grids, where: {distribution: grid}}
lines: {both: {a@10: A, b: B}}
"""


def rows_of(model, rule, *means):
    """Make rows of two runs: scores at 16 (the training size), 32, 64, ..."""
    return [
        row(study="mine", model=model, steps_rule=rule, seed=seed, size=16 * 2**k,
            mean=mean + 0.02 * seed, shift="size" if k else "none")
        for k, mean in enumerate(means) for seed in (0, 1)
    ]  # fmt: skip


ROWS = [*rows_of("a", "10", 0.9, 0.3, 0.2), *rows_of("b", "", 0.8, 0.7, math.nan)]
TABLES = Tables(ROWS, {}, goals=[MetricGoal("ShortestPath", "valid", 1)])


def figure(text, **changes):
    return construct(OmegaConf.merge(OmegaConf.create(text), OmegaConf.create(changes)), "figure")


def own_study(tmp_path, monkeypatch, **yamls):
    """Return the folder of a study, with the given figures beside the standard one."""
    conf, folder = tmp_path / "conf", tmp_path / "results" / "mine"
    conf.mkdir()
    write_table(ROWS, folder / "transfer.csv")
    (folder / "cells.csv").write_text((ROOT / "results/quickstart/cells.csv").read_text())
    monkeypatch.setattr(exhibit, "FIGURES", conf)
    yamls["scores"] = (ROOT / "conf/figure/scores.yaml").read_text()
    for name, text in yamls.items():
        (conf / f"{name}.yaml").write_text(text)
    return folder


def plotted(folder, figures=None):
    names = {"study": folder.name, "results_dir": str(folder.parent), "figures": figures}
    plot(OmegaConf.create(names))
    return sorted(path.name for path in folder.glob("*.png"))


def test_a_figure_of_existing_rows_is_a_yaml(tmp_path, monkeypatch):
    other = CURVES.replace("study: mine", "study: other")
    folder = own_study(
        tmp_path, monkeypatch, over_sizes=CURVES, as_a_map=MAP, of_another=other
    )  # fmt: skip
    drawn = draw_figures(folder)
    assert [path.name for path in drawn] == [
        "as_a_map.png", "as_a_map.pdf", "over_sizes.png", "over_sizes.pdf",
    ]  # fmt: skip
    assert all(path.stat().st_size > 2000 for path in drawn)


def test_a_study_that_no_figure_names_has_a_standard_figure(tmp_path, monkeypatch, caplog):
    other = CURVES.replace("study: mine", "study: other")
    folder = own_study(tmp_path, monkeypatch, over_sizes=other)
    with caplog.at_level("INFO"):
        assert plotted(folder) == ["scores.png"]
    assert "no figure of conf/figure names mine: scores" in caplog.text
    assert draw_figures(folder) == []  # not at the end of each sweep
    assert plotted(folder, ["over_sizes"]) == ["over_sizes.png", "scores.png"]
    with pytest.raises(UserError, match=r"^figures must be one of .*, did you mean over_sizes$"):
        plotted(folder, ["over_size"])
    with pytest.raises(UserError, match=r"^figures must be null or a list of one or more names"):
        plotted(folder, "scores")


def test_figures_that_cannot_be_drawn_are_told(tmp_path, monkeypatch, caplog):
    nothing = CURVES.replace("a@10: A", "c: C").replace("b: B", "d: D")
    folder = own_study(tmp_path, monkeypatch, drawn=CURVES, left_out=nothing)
    assert plotted(folder) == ["drawn.png"]
    assert caplog.messages[-1] == (
        f"left_out: left out, the tables of {folder} lack a row of a line in one of the panels"
    )


@pytest.mark.parametrize(
    ("text", "metric"),
    [
        (CURVES.replace("metric: valid", "metric: vallid"), "vallid"),
        (MAP.replace("metric: valid", "metric: vaild"), "vaild"),
    ],
)
def test_a_metric_that_is_misspelt_in_a_yaml_is_an_error(tmp_path, monkeypatch, text, metric):
    folder = own_study(tmp_path, monkeypatch, mine=text)
    with pytest.raises(UserError, match=rf"^figure.mine: metric must be .* got '{metric}', did"):
        draw_figures(folder)


def test_a_metric_of_an_arm_that_was_not_run_is_no_error(tmp_path, monkeypatch, caplog):
    other = CURVES.replace("metric: valid", "metric: tour_length")
    assert draw_figures(own_study(tmp_path, monkeypatch, mine=other)) == []
    assert "mine: left out" in caplog.text


def test_the_standard_figure_has_every_method_on_every_distribution_of_every_task():
    tour = {"task": "Tour", "distribution": "points", "metric": "gap", "is_share": False}
    gap = [replace(r, **tour) for r in ROWS]
    below = [replace(r, mean=-r.mean) for r in gap]
    for rows, is_log in ((gap, True), (below, False)):
        drawn = Scores().draw(Tables([*ROWS, *rows], {}))
        first, second = drawn.axes
        assert first.get_title().split("\n") == ["ShortestPath", "grid"]
        assert second.get_title().split("\n") == ["Tour", "points"]
        assert (first.get_ylabel(), second.get_ylabel()) == ("valid", "gap")
        assert (second.get_yscale() == "log") == is_log
        names = {line.get_label() for axes in drawn.axes for line in axes.lines}
        assert {"a@10", "b"} <= names
        low, high = second.get_ylim()
        means = [row.mean for row in rows if not math.isnan(row.mean)]
        assert low < min(means) < max(means) < high
    assert [a.get_ylabel() for a in Scores(metric="gap").draw(Tables([*ROWS, *gap], {})).axes] == [
        "gap"
    ]
    with pytest.raises(UserError, match="metric must be one of valid, got 'x'"):
        Scores(metric="x").draw(TABLES)


def test_a_line_has_the_means_of_its_method_and_ends_where_it_has_no_answer():
    axes = figure(CURVES).draw(TABLES).axes[0]
    of_name = {line.get_label(): line.get_xydata().tolist() for line in axes.lines}
    assert of_name["A"] == [pytest.approx(p) for p in [(16, 0.91), (32, 0.31), (64, 0.21)]]
    assert of_name["B"] == [pytest.approx(p) for p in [(16, 0.81), (32, 0.71)]]
    assert [text.get_text() for text in axes.texts if text.get_text()] == ["n/a"]
    assert axes.get_title() == "on grids"


def test_only_panels_with_a_row_of_a_line_are_drawn():
    panels = [Panel("grid", {"distribution": "grid"}), Panel("none", {"distribution": "tree"})]
    curves = Curves("mine", "valid", "share", {"a@10": "A"}, panels=panels)
    assert [axes.get_title() for axes in curves.draw(TABLES).axes] == ["grid"]
    assert not Curves("mine", "valid", "share", {"a": "A"}).can_draw(TABLES)  # needs a rule
    assert not Curves("mine", "solved", "share", {"a@10": "A"}).can_draw(TABLES)


def test_a_panel_may_quote_its_largest_cell():
    facts = CellSummary("grid", 64, 5, 64, 200, 3.1, {"diameter": 14.0, "hops": 6.0})
    tables = Tables(ROWS, {("grid", 64): facts})

    def title(name):
        panels = [Panel(name, {"distribution": "grid"})]
        curves = Curves("mine", "valid", "share", {"a@10": "A"}, panels=panels)
        return curves.draw(tables).axes[0].get_title()

    assert title("grids, diameter {diameter:.0f} at {size}") == "grids, diameter 14 at 64"
    with pytest.raises(UserError, match=r"must quote distribution, size, .*, got 'colour'"):
        title("grids, {colour}")


def test_a_logarithmic_axis_without_an_answer_is_drawn_all_the_same():
    rows = rows_of("a", "10", math.nan, math.nan)
    curves = Curves("mine", "valid", "error", {"a@10": "A"}, y=YAxis(is_log=True))
    axes = curves.draw(Tables(rows, {})).axes[0]
    assert (len(axes.lines), axes.get_yscale()) == (0, "log")


def test_a_caption_says_how_many_runs_and_instances_there_are():
    def caption(rows):
        return " ".join(
            figure(CURVES, caption="More.").draw(Tables(rows, {})).get_supxlabel().split()
        )

    known = "No intervals: the tables have none for these cells."
    assert caption(ROWS) == f"2 runs, 20 instances a cell. {known} More."
    many = [replace(r, num_instances=60) if r.size == 64 else r for r in ROWS if r.model == "a"]
    assert caption(many) == f"2 runs, 20 instances (60 at 64) a cell. {known} More."
    repeated = [*ROWS, *(replace(r, model="b", seed=r.seed + 2, num_parameters=0) for r in ROWS)]
    assert caption(repeated).startswith("2 runs,")


def test_the_ends_of_training_have_ticks_and_a_number_where_there_is_room():
    def ticks(train):
        x = {"_target_": "experiments.figures.axes.XAxis", "train": train}
        axes = figure(CURVES, x=x).draw(TABLES).axes[0]
        return dict(
            zip(axes.get_xticks(), (t.get_text() for t in axes.get_xticklabels()), strict=True)
        )

    assert ticks([8, 16]) == {8: "8", 16: "16", 32: "32", 64: "64"}
    assert ticks([8, 40])[40] == ""


def test_panels_may_have_axes_metrics_and_lines_of_their_own():
    y = YAxis(is_log=True)
    panels = [Panel("score"), Panel("cost", metric="steps", metric_label="steps", y=y, lines=["b"])]
    rows = [replace(r, steps=2 * r.size) for r in ROWS]
    curves = Curves("mine", "valid", "share", {"a@10": "A", "b": "B"}, panels=panels)
    score, cost = curves.draw(Tables(rows, {})).axes
    assert (score.get_yscale(), cost.get_yscale()) == ("linear", "log")
    assert [axes.get_ylabel() for axes in (score, cost)] == ["share", "steps"]
    assert [line.get_label() for line in score.lines] == ["A", "B"]
    (line,) = cost.lines
    assert line.get_xydata().tolist() == [[16, 32], [32, 64], [64, 128]]


def test_each_run_is_a_line_and_no_mean_is_drawn_where_no_interval_is_trusted():
    panels = [Panel("grid", {"distribution": "grid"}, each_run=True)]
    curves = Curves("mine", "valid", "share", {"a@10": "A"}, panels=panels)
    axes = curves.draw(TABLES).axes[0]
    assert [line.get_label() for line in axes.lines] == ["A, seed 0", "A, seed 1"]
    assert len({line.get_color() for line in axes.lines}) == 2
    known = [with_interval(r) if r.size == 16 else r for r in ROWS]
    axes = curves.draw(Tables(known, {})).axes[0]
    (bars,) = axes.containers
    assert bars[0].get_xydata().tolist() == [[16, pytest.approx(0.91)]]
    assert bars.get_label() == "A, mean"


def with_interval(r):
    about = {name: getattr(r, name) for name in KEY}
    known = MethodEstimate(**about, mean=r.mean, low=0.8, high=0.95, num_runs=2, num_groups=20,
                           of_runs=0.0, of_instances=0.0)  # fmt: skip
    return replace(r, estimate=known)


def test_a_method_without_training_is_a_level_line_if_it_has_no_place_on_the_axis():
    rows = [row(steps_rule=rule, mean=0.4) for rule in ("4", "8")]
    rows += [row(model="rule", steps_rule="", mean=0.5)]
    curves = Curves("mine", "valid", "share", {"m": "M"}, trivial={"rule": "R", "none": "N"},
                    x=XAxis("steps"))  # fmt: skip
    line, level = curves.draw(Tables(rows, {})).axes[0].lines
    assert line.get_xdata().tolist() == [4, 8]
    assert (level.get_label(), np.unique(level.get_ydata()).tolist()) == ("R", [0.5])
    assert level.get_color() in GREYS


def test_lines_may_be_the_sizes_of_a_method_over_its_steps():
    rows = [row(steps_rule=rule, size=size, mean=4 * number / size)
            for number, rule in enumerate(("4", "8", "1x"), 1) for size in (16, 32)]  # fmt: skip
    lines = {16: "small", 32: "large"}
    curves = Curves("mine", "valid", "share", lines, "m", x=XAxis("steps"))
    lines = curves.draw(Tables(rows, {})).axes[0].lines
    assert [line.get_label() for line in lines] == ["small", "large"]
    assert [line.get_xydata().tolist() for line in lines] == [
        [[4, 0.25], [8, 0.5]], [[4, 0.125], [8, 0.25]],
    ]  # fmt: skip


def test_a_map_writes_every_cell_and_frames_what_the_table_says():
    axes = figure(MAP).draw(TABLES).axes[0]
    texts = [text.get_text() for text in axes.texts]
    assert texts == ["91", "81", "31", "71", "both"]
    frame = np.concatenate(axes.collections[1].get_segments())
    assert (frame.min(axis=0).tolist(), frame.max(axis=0).tolist()) == ([-0.5, -0.5], [0.5, 1.5])
    assert len(axes.collections[1].get_segments()) == 6  # no line between the two framed cells


def test_a_map_leaves_out_lines_without_a_row_and_has_a_bar_of_colours():
    lines = {"both": {"a@10": "A", "b": "B", "c": "C"}, "none": {"d": "D"}}
    axes, bar = figure(MAP, lines=lines).draw(TABLES).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["A", "B"]
    assert "none" not in [text.get_text() for text in axes.texts]
    assert bar.get_title() == "%"


def test_a_map_may_have_the_lowest_and_the_highest_run_below_the_mean():
    look = {"_target_": "experiments.figures.cells.Look", "has_runs": True}
    axes = figure(MAP, look=look).draw(TABLES).axes[0]
    assert [text.get_text() for text in axes.texts][:2] == ["91", "90–92"]


def test_the_best_of_a_group_is_first_if_goals_are_given():
    def names(tables):
        axes = figure(MAP, best_first=True).draw(tables).axes[0]
        return [label.get_text() for label in axes.get_yticklabels()]

    assert names(TABLES) == ["B", "A"]  # by the interquartile means of their cells
    assert names(Tables(ROWS, {})) == ["A", "B"]


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"x": {"of": "time"}}, "of must be one of size, steps, frame, got 'time'"),
        ({"x": {"train": [8]}}, r"train must be two numbers, got \[8\]"),
        ({"layout": {"_target_": "experiments.figures.layout.Layout", "legend": "left"}},
         "legend must be one of right, above, got 'left'"),
        ({"colour": "red"}, "figure must have only arguments of .*, got colour='red'"),
    ],
)  # fmt: skip
def test_a_wrong_key_of_a_figure_is_one_line(changes, line):
    with pytest.raises(UserError, match=line) as raised:
        figure(CURVES, **changes)
    assert "\n" not in str(raised.value)


def test_rows_are_chosen_and_grouped_by_their_columns():
    scores = frame_of(ROWS)
    assert list(chosen(scores, method="a@10", size=[16, 32])["row"]) == ROWS[:4]
    assert list(chosen(scores, steps_rule=10)["row"]) == ROWS[:6]
    assert grouped(chosen(scores, model="b", shift="none"), "seed") == {0: [ROWS[6]], 1: [ROWS[7]]}
    assert grouped(chosen(scores, model="c"), "size") == {}
    with pytest.raises(UserError, match=r"the column must be one of task, model, .*, got 'colour'"):
        chosen(scores, colour="red")
