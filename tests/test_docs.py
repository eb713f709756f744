"""Every command in the documentation is run, or composed where a run would take minutes."""

import itertools
import re
import shlex
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from docs.pages.models import page
from experiments.statistics.methods import over_cells, over_runs
from experiments.tables.rows import read_table
from tests import body_lines, tour_lines
from tests.conftest import composed
from tests.processes import run
from tests.sat_lines import all_lines

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
PAGES += sorted((ROOT / "results").glob("*/README.md"))
MODULES = {path.stem for path in (ROOT / "conf").glob("*.yaml")}


def blocks(page, language):
    """(what follows the language, the text) of every fenced block."""
    pattern = rf"^```{language}( [^\n]*)?\n(.*?)^```$"
    return re.findall(pattern, page.read_text(), re.MULTILINE | re.DOTALL)


def commands(page):
    for _, text in blocks(page, "bash"):
        for line in text.replace("\\\n", " ").splitlines():
            if line.strip() and not line.lstrip().startswith("#"):
                yield line.strip()


ALL_COMMANDS = [
    pytest.param(command, id=f"{page.parent.name}/{page.name}: {command[:60]}")
    for page in PAGES
    for command in commands(page)
]


def patched(text, diff):
    """A file in which the lines of a block that begin with + follow the line before them."""
    lines = [line[1:] for line in diff.splitlines() if line.startswith(" ")]
    added = [line[1:] for line in diff.splitlines() if line.startswith("+")]
    assert text.count(lines[-1]) == 1
    return text.replace(lines[-1], "\n".join([lines[-1], *added]))


def with_all_that_is_added(copy):
    """A copy of the project to which every file of CONTRIBUTING.md was added."""
    keep = ("data_gen", "gn", "experiments", "conf", "docs", "tests", "pyproject.toml", "results")
    for name in keep:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy(source, copy / name)
    page = ROOT / "CONTRIBUTING.md"
    for language in ("python", "yaml"):
        for name, text in blocks(page, language):
            path = copy / name.strip().removeprefix("file=")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    for name, text in blocks(page, "diff"):
        path = copy / name.strip().removeprefix("file=")
        path.write_text(patched(path.read_text(), text))


def output_of(command, copy):
    words = shlex.split(command)
    assert words[0] == "python"
    done = run([sys.executable, *words[1:]], cwd=copy)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def test_what_is_added_is_found(tmp_path):
    """The contract tests try a new task and a new model, the floor plan finds their files."""
    with_all_that_is_added(tmp_path / "copy")
    chosen = "triangles and (linear or degree_mlp) and (learns or perfect) or stems"
    ran = output_of(
        f"python -m pytest -q tests/test_contracts.py tests/test_rooms.py -k '{chosen}'",
        tmp_path / "copy",
    )
    assert re.search(r"[1-9]\d* passed", ran)


@pytest.mark.slow
def test_adding_works_as_written(tmp_path):
    copy = tmp_path / "copy"
    with_all_that_is_added(copy)
    ran = [output_of(command, copy) for command in commands(ROOT / "CONTRIBUTING.md")]
    assert re.search(r"[1-9]\d* passed", ran[0])
    assert re.search(r"erdos_renyi +64 +size", ran[1])
    assert "patience: 0" in (copy / "conf/train.yaml").read_text()
    assert re.search(r"[1-9]\d* passed", ran[3])
    assert re.search(r"erdos_renyi +64 +both", ran[4])
    assert (copy / "results/sat_difficulty/easy_to_hard.pdf").is_file()
    assert re.search(r"uniform_points +6 +size", ran[6])


@pytest.mark.parametrize("command", ALL_COMMANDS)
def test_every_documented_command_exists(command):
    words = shlex.split(command)
    if words[0] == "make":
        targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        assert set(words[1:]) <= set(targets)
        return
    if words[0] in ("git", "cd"):
        return
    if words[2] == "torch.distributed.run":  # starts the module that comes after it
        words = ["python", *words[words.index("-m", 3) :]]
    assert words[:2] == ["python", "-m"]
    module = words[2]
    assert (ROOT / (module.replace(".", "/") + ".py")).is_file() or module == "pytest"
    name = module.removeprefix("experiments.")
    if name in MODULES and "task=triangles" not in words:
        for overrides in expanded([word for word in words[3:] if word != "-m"]):
            composed(*overrides, config_name=name)


def text_of(estimate):
    """As the pages write it: a mean, with its interval where there is one."""
    mean, low, high = estimate
    if np.isnan(mean):
        return "n/a"
    return f"{mean:.2f}" if np.isnan(low) else f"{mean:.2f} [{low:.2f}, {high:.2f}]"


def estimate_of(rows, *cells):
    """Over the runs, of the mean over the cells, as the pages write it."""
    mine = [row for row in rows if (row.distribution, row.size) in cells]
    if len(cells) == 1:
        return text_of(over_runs(mine))
    return text_of(over_cells(mine, is_error=False))


def bias_line(rows, model):
    """A line of the table of all models in docs/inductive_bias.md."""
    rows = [r for r in rows if r.model == model and r.steps_rule in ("oracle+2", "")]
    home, others = "geographic_threshold", ("grid", "delaunay", "erdos_renyi", "random_tree")
    cells = [estimate_of(rows, (home, size)) for size in (16, 32, 64, 128)]
    cells += [estimate_of(rows, *((name, size) for name in others)) for size in (16, 128)]
    return f"| `{model}` | {rows[0].num_parameters:,} | {' | '.join(cells)} |"


def stop_line(rows, model, family):
    """A line of the table of stop rules: score (steps) at each size, a cell for each rule."""
    rows = [r for r in rows if (r.model, r.distribution) == (model, family)]
    cells = []
    for rule in ("12", "oracle", "oracle+2", "adaptive@0.03", "1x"):
        runs = [[r for r in rows if (r.steps_rule, r.size) == (rule, n)] for n in (16, 64, 128)]
        scores = " / ".join(f"{np.mean([r.mean for r in of]):.2f}" for of in runs if of)
        steps = " / ".join(f"{np.mean([r.steps for r in of]):.0f}" for of in runs if of)
        cells.append(f"{scores} ({steps})" if scores else "–")
    return f"| `{model}` | `{family}` | {' | '.join(cells)} |"


def test_the_tables_of_inductive_bias_are_those_of_the_study():
    table = read_table(ROOT / "results/inductive_bias/transfer.csv")
    rows = [r for r in table if r.metric == "valid"]
    lines = (ROOT / "docs/inductive_bias.md").read_text().splitlines()
    for model in {row.model for row in rows}:
        assert bias_line(rows, model) in lines
    stopped = {(r.model, r.distribution) for r in rows if r.steps_rule == "adaptive@0.03"}
    assert len(stopped) >= 5
    for model, family in stopped:
        assert stop_line(rows, model, family) in lines


def test_the_page_of_models_is_what_the_code_says():
    written = (ROOT / "docs/models.md").read_text()
    assert page() == written, "python -m docs.pages.models writes it"


def expanded(words):
    """The first job of a sweep: `seed=0,1,2` is `seed=0`."""
    sweep = re.compile(r"^([\w./@]+)=([^\[\]{}()',]+(?:,[^\[\]{}()',]+)+)$")
    yield [f"{m[1]}={m[2].split(',')[0]}" if (m := sweep.match(word)) else word for word in words]


def test_the_numbers_of_the_page_are_those_of_the_table():
    rows = [r for r in read_table(ROOT / "results/quickstart/transfer.csv") if r.metric == "valid"]

    def mean(model, distribution, size, rule):
        cell = (model, distribution, size)
        runs = [r for r in rows if (r.model, r.distribution, r.size) == cell]
        return over_runs([r for r in runs if r.steps_rule in (rule, "")])

    page = (ROOT / "docs/shortest_path.md").read_text()
    checked = 0
    for model, rule, cells in re.findall(
        r"^\| `(\w+)(?:@(\w+))?` \| ([\d. \[\],|]*) \|$", page, re.MULTILINE
    ):
        for size, cell in zip((16, 32, 64, 128, 256), cells.split(" | "), strict=True):
            estimate = mean(model, "geographic_threshold", size, rule or "1x")
            assert cell == text_of(estimate)
            checked += 1
    for family, cells in re.findall(
        r"^\| `(\w+)` \| \d+ \| \d+ \| ([^\[\n]*) \|$", page, re.MULTILINE
    ):
        places = itertools.product(("next_hop", "demo"), (16, 64, 256))
        for (model, size), cell in zip(places, cells.split(" | "), strict=True):
            assert cell == f"{mean(model, family, size, '1x').mean:.2f}"
            checked += 1
    assert checked == 6 * 5 + 11 * 6


def test_the_table_of_how_it_is_asked_is_that_of_the_study():
    table = read_table(ROOT / "results/size_transfer/transfer.csv")
    home = [r for r in table if (r.metric, r.distribution) == ("valid", "geographic_threshold")]
    page = (ROOT / "docs/shortest_path.md").read_text()
    lines = re.findall(r"^\| (labels|next hops), `(\w+)` \| (.*) \|$", page, re.MULTILINE)
    assert len(lines) == 6
    for asked, model, cells in lines:
        task = {"labels": "shortest_path", "next hops": "shortest_path_next_hop"}[asked]
        rows = [row for row in home if (row.task, row.model) == (task, model)]
        for size, cell in zip((16, 32, 64, 128), cells.split(" | "), strict=True):
            estimate = over_runs([row for row in rows if row.size == size])
            assert cell == text_of(estimate)


def test_the_tables_of_sat_are_those_of_the_studies():
    page = (ROOT / "docs" / "sat.md").read_text().splitlines()
    written = {line for line in page if re.search(r"\d\.\d\d \[", line)}
    computed = list(all_lines())
    assert len(computed) > 40
    assert written == set(computed), "python -m tests.sat_lines prints them"


def test_the_tables_of_n_body_are_those_of_the_studies():
    page = (ROOT / "docs" / "n_body.md").read_text().splitlines()
    written = {line for line in page if re.match(r"\|.*\d \[", line)}
    computed = list(body_lines.all_lines())
    assert len(computed) > 50
    assert written == set(computed), "python -m tests.body_lines prints them"


def test_the_tables_of_tours_are_those_of_the_study():
    page = (ROOT / "docs" / "tours.md").read_text().splitlines()
    written = [line for line in page if re.match(r"\|.*\d \[", line)]
    assert written == list(tour_lines.all_lines()), "python -m tests.tour_lines prints them"
