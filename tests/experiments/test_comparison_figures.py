import math
import re
import shutil
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from omegaconf import OmegaConf

from experiments.figures.exhibit import Exhibit, Tables, TextTable, load_tables
from experiments.figures.score_table import (
    Block,
    Column,
    ScoreTable,
    clearly_best,
    escaped,
    number,
)  # fmt: skip
from experiments.figures.severity import SeverityScatter
from experiments.settings.construct import construct
from experiments.statistics.intervals import Estimate
from experiments.tables.goals import MetricGoal
from experiments.tables.severities import Severity
from tests.conftest import ROOT, stems
from tests.experiments.test_tables_and_figures import row
from tests.processes import run

EXHIBITS = {
    name: construct(OmegaConf.load(ROOT / "conf" / "figure" / f"{name}.yaml"), name, Exhibit)
    for name in stems("figure")
}
PAPER_TABLES = [name for name, exhibit in EXHIBITS.items() if isinstance(exhibit, TextTable)]


def tables_of(name):
    return tables_of_study(EXHIBITS[name].study or "quickstart")


@cache
def tables_of_study(study):
    return load_tables(ROOT / "results" / study)


@pytest.mark.parametrize("name", PAPER_TABLES)
def test_a_paper_s_table_is_whole(name):
    text = (ROOT / "results" / EXHIBITS[name].study / f"{name}.tex").read_text()
    assert text == EXHIBITS[name].text(tables_of(name))
    assert re.findall(r"\\begin{(\w+)}", text) == re.findall(r"\\end{(\w+)}", text)[::-1]
    assert text.count("{") == text.count("}")
    assert len(re.findall(r"(?<!\\)\$", text)) % 2 == 0
    for rule in ("toprule", "bottomrule"):
        assert text.count(rf"\{rule}") == 1
    (columns,) = re.findall(r"\\begin{tabular}{(\w+)}", text)
    lines = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert len(lines) > 5
    for line in lines:
        cells = re.split(r"(?<!\\)&", line)
        spans = [int(width) for width in re.findall(r"\\multicolumn{(\d+)}", line)]
        assert len(cells) - len(spans) + sum(spans) == len(columns), line
    assert not re.search(r"nan|inf(?!inity)", text.split(r"\toprule")[1])


@pytest.mark.parametrize("name", PAPER_TABLES)
def test_every_line_of_a_paper_s_table_has_a_score(name):
    for line in EXHIBITS[name].text(tables_of(name)).splitlines():
        if " & " in line and r"\multicolumn" not in line and "$" not in line:
            assert "n/a" not in line
            assert "--" not in line, line


def test_the_best_is_bold_only_beyond_its_interval():
    clear = [Estimate(0.9, 0.85, 0.95), Estimate(0.5, 0.4, 0.84), None]
    assert clearly_best(clear, perfect=1) == 0
    assert clearly_best([*clear, Estimate(0.86, 0.8, 0.9)], perfect=1) is None
    assert clearly_best([*clear, Estimate(0.3, 0.0, 0.9)], perfect=1) is None  # overlaps
    assert clearly_best(clear, perfect=0) == 1
    assert clearly_best([*clear, Estimate(0.95, 0.7, 1.2)], perfect=0) is None
    assert clearly_best([Estimate(np.nan, np.nan, np.nan), clear[1]], perfect=1) is None


@pytest.mark.parametrize(
    ("estimate", "perfect", "text"),
    [
        ((0.004, 0, 0.3), 1, r"$0.00\,{\scriptstyle [0.00, 0.30]}$"),
        ((0.0000996, 0.00009, 0.00012), 0, r"$1.0\,{\scriptstyle [0.9, 1.2]} \cdot 10^{-4}$"),
        ((0.25, 0.2, 0.3), 0, r"$0.25\,{\scriptstyle [0.20, 0.30]}$"),
        ((182.4, 139.4, 225.4), 0, r"$182\,{\scriptstyle [139, 225]}$"),
        ((103000, 35, 350000), 0, r"$1.0\,{\scriptstyle [0.0, 3.5]} \cdot 10^{5}$"),
        ((np.nan, np.nan, np.nan), 0, "n/a"),
        (None, 1, "--"),
    ],
)
def test_numbers_have_the_digits_that_they_need(estimate, perfect, text):
    assert number(None if estimate is None else Estimate(*estimate), perfect) == text


def test_special_characters_of_latex_are_escaped():
    assert escaped("5 % of a_b & {c}^2 \\ #1 ~ $") == (
        r"5 \% of a\_b \& \{c\}\textasciicircum{}2 \textbackslash{} \#1 \textasciitilde{} \$"
    )


def test_a_table_shows_what_the_rows_say():
    rows = [row(model=m, seed=s, mean=v + 0.001 * s, steps_rule="")
            for m, v in (("a_b", 0.9), ("c", 0.2)) for s in range(3)]  # fmt: skip
    block = Block("both", {"a_b": "A & B", "c": "C", "d": "D"}, "", "grid")
    nothing = Block("nothing", {"d": "D"}, "", "grid")
    table = ScoreTable("s", "valid", "100 %", "tab:x", [Column(16, "16")], [block, nothing])
    text = table.text(Tables(rows, {}, goals=[MetricGoal("ShortestPath", "valid", 1)]))
    assert r"\caption{100 \%}" in text
    assert r"A \& B & $0.90$ \\" in text  # without an interval no method is best
    rows = [replace(r, seed=0) for r in rows if r.seed == 0]
    rows = [replace(r, low=r.mean - 0.1, high=r.mean + 0.1) for r in rows]
    text = table.text(Tables(rows, {}, goals=[MetricGoal("ShortestPath", "valid", 1)]))
    assert r"A \& B & $\mathbf{0.90}\,{\scriptstyle [0.80, 1.00]}$ \\" in text
    assert r"C & $0.20\," in text
    assert "nothing" not in text
    assert "D &" not in text  # it has no row


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
@pytest.mark.parametrize("name", PAPER_TABLES)
def test_latex_sets_a_table_within_the_page(name, tmp_path):
    text = EXHIBITS[name].text(tables_of(name))
    num_columns = len(EXHIBITS[name].columns)
    (tmp_path / "table.tex").write_text(text, encoding="utf-8")
    (tmp_path / "page.tex").write_text(
        r"\documentclass{article}\usepackage{booktabs}"
        rf"\usepackage[textwidth={5.5 if num_columns <= 5 else 6.75}in]{{geometry}}"
        r"\begin{document}\input{table}\end{document}"
    )
    words = ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "page.tex"]
    said = run(words, cwd=tmp_path).stdout
    assert "Output written on page.pdf (1 page" in said
    assert "Overfull" not in said


def test_a_ranking_has_the_methods_in_order():
    figure = EXHIBITS["method_ranking"].draw(tables_of("method_ranking"))
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()][:4] == [
        "Bellman-Ford, 12 rounds", "next hop, n steps", "next hop, 12 steps",
        "demo with maxima, n steps",
    ]  # fmt: skip
    assert "32 shifted cells" in axes.get_xlabel()


def test_a_method_without_an_answer_everywhere_is_not_a_dot_at_0_but_says_so():
    figure = EXHIBITS["ranking"].draw(tables_of("ranking"))
    axes = figure.axes[0]
    said = {round(text.xy[1]): text.get_text() for text in axes.texts if "n/a" in text.get_text()}
    assert set(said.values()) == {"n/a on 15 of 19"}
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert {names[place] for place in said} == {
        "MLP on 16 slots", "MLP on 16 slots, random", "MLP on 16 slots, 7 × larger",
    }  # fmt: skip
    dots = [y for bars in axes.containers for y in bars[0].get_ydata()]
    assert sorted(dots) == [place for place in range(len(names)) if place not in said]


def test_learning_curves_have_a_thin_line_for_every_run_and_a_thick_one_for_their_mean():
    figure = EXHIBITS["learning_curves"].draw(tables_of("learning_curves"))
    left = [line for line in figure.axes[0].get_lines() if line.get_color() == "#0072B2"]
    assert [line.get_linewidth() for line in left] == [0.5] * 5 + [2]
    runs = np.array([line.get_ydata() for line in left[:5]])
    assert left[5].get_ydata() == pytest.approx(runs.mean(axis=0))


def test_every_cell_is_a_dot_of_each_method():
    figure = EXHIBITS["severity"].draw(tables_of("severity"))
    assert len(figure.axes) == 4 * 5
    for axes in figure.axes:
        assert sum(len(dots.get_offsets()) for dots in axes.collections) in (35, 55)
    assert figure.axes[0].get_title().startswith("ρ = \N{MINUS SIGN}0.")


def severity_of_two_tasks():
    """Make one label in two tasks; its scores fall and rise with the distance, one is NaN."""
    rows, severities = [], []
    for k, size in enumerate((16, 32, 64, 128)):
        for task, score in (("t", 0.9 - 0.2 * k), ("u", 0.1 + 0.2 * k)):
            score = math.nan if (task, size) == ("u", 128) else score
            rows.append(row(task=task, size=size, mean=score, shift="size" if k else "none"))
            severities.append(
                Severity(task, "m", "grid", size, 9, 9, *[float(k + (task == "u"))] * 5)
            )
    return Tables(rows, {}, severities=severities)


def test_the_tasks_of_a_label_are_not_mixed():
    scatter = SeverityScatter("s", "valid", "", {"spectrum": ""}, lines={"m@10": "M"})
    axes = scatter.draw(severity_of_two_tasks()).axes[0]
    dots = np.concatenate([dots.get_offsets() for dots in axes.collections])
    assert dots.tolist() == [
        pytest.approx(dot)
        for dot in [(0, 0.9), (1, 0.7), (2, 0.5), (3, 0.3), (1, 0.1), (2, 0.3), (3, 0.5)]
    ]
    assert axes.get_title().startswith("ρ = 0.00")  # -1 and 1


def test_cells_without_a_score_of_every_method_are_not_correlated():
    tables = severity_of_two_tasks()
    alone = [r for r in tables.rows if r.task == "u"]
    rows = [*alone, *(replace(r, model="n") for r in alone if r.size < 64)]
    severities = [*tables.severities, *(replace(s, model="n") for s in tables.severities)]
    lines = {"m@10": "M", "n@10": "N", "absent": "O"}
    scatter = SeverityScatter("s", "valid", "", {"spectrum": ""}, lines=lines)
    figure = scatter.draw(Tables(rows, {}, severities=severities))
    assert figure.axes[0].get_title().startswith("ρ = 1.00")
    nothing = scatter.draw(Tables([], {}, severities=severities))
    assert nothing.axes[0].get_title().startswith("ρ = nan")


def test_a_map_of_steps_and_sizes_leaves_blank_what_was_not_run():
    figure = EXHIBITS["steps_size"].draw(tables_of("steps_size"))
    numbers = [text for text in figure.axes[0].texts if text.get_fontsize() == 7]
    assert len(numbers) == 5 + 5 + 2 + 7 + 2  # of SR(10), (20), (25), (40) and (200)
    of_place = {(text.get_position()[0], round(text.get_position()[1])): text.get_text()
                for text in numbers}  # fmt: skip
    assert of_place[0, 4] == "90"  # 16 rounds, on the lowest line: 10 variables
    assert (5, 4) not in of_place


def mean_of(study, *cell):
    rows = [
        r for r in tables_of_study(study).rows if r.distribution in ("sr", "geographic_threshold")
    ]
    return np.mean([r.mean for r in rows if (r.model, r.metric, r.size) == cell])


def test_statements_about_untrained_networks_and_curves_agree_with_the_tables():
    solved = [100 * mean_of("sat_cpu", "untrained", "solved", size) for size in (10, 20, 40)]
    caption = EXHIBITS["steps_size"].caption.replace("\n", " ")
    assert f"solves {solved[0]:.1f} % at 10 variables and none at 20 and 40" in caption
    assert solved[1:] == [0, 0]
    page = " ".join((ROOT / "docs" / "statistics.md").read_text().split())
    curves = [p for p in tables_of_study("quickstart").curves if p.metric == "val/valid"]
    values = [p for p in curves if p.model == "node_mlp"]
    steps = sorted({p.step for p in values})
    means = [np.mean([p.value for p in values if p.step == step]) for step in steps]
    assert {f"{mean:.2f}" for mean in (means[0], means[-1])} == {"0.44"}
    assert f"{mean_of('quickstart', 'node_mlp', 'valid', 16):.2f}" == "0.39"
    assert "stays at 0.44 from its first validation to its last, and scores 0.39" in page


@pytest.mark.parametrize("name", EXHIBITS)
def test_a_study_with_some_of_its_rows_is_drawn_as_far_as_possible(name):
    exhibit, whole = EXHIBITS[name], tables_of(name)
    for model in (whole.rows[0].model, whole.rows[-1].model):
        rows = [r for r in whole.rows if r.seed == 0 and r.model == model]
        for tables in (Tables(rows, whole.cells), Tables(rows, whole.cells, goals=whole.goals)):
            if exhibit.can_draw(tables):
                assert exhibit.text(tables) if isinstance(exhibit, TextTable) else (
                    exhibit.draw(tables)
                )  # fmt: skip
    nothing = Tables([], {})
    assert not exhibit.can_draw(nothing)
