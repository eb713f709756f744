"""Every command in the documentation runs; commands of several minutes are only composed."""

import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest
import torch

from docs.pages.models import page
from docs.pages.tables import pages, with_tables
from tests.conftest import composed
from tests.processes import run

ROOT = Path(__file__).parent.parent
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
PAGES = [ROOT / "README.md", CONTRIBUTING, *sorted((ROOT / "docs").glob("*.md"))]
PAGES += sorted((ROOT / "results").glob("*/README.md"))
MODULES = {path.stem for path in (ROOT / "conf").glob("*.yaml")}


def blocks(page, language):
    """Yield (words after the language, text) of every fenced block."""
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
    """Insert the lines of a block that begin with + into a file, after the line before them."""
    lines = [line[1:] for line in diff.splitlines() if line.startswith(" ")]
    added = [line[1:] for line in diff.splitlines() if line.startswith("+")]
    assert text.count(lines[-1]) == 1
    return text.replace(lines[-1], "\n".join([lines[-1], *added]))


def with_all_that_is_added(copy):
    """Add every file of CONTRIBUTING.md to a copy of the project."""
    keep = ("data_gen", "gn", "experiments", "conf", "docs", "tests", "pyproject.toml", "results")
    for name in keep:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy(source, copy / name)
    for language in ("python", "yaml"):
        for name, text in blocks(CONTRIBUTING, language):
            path = copy / name.strip().removeprefix("file=")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    for name, text in blocks(CONTRIBUTING, "diff"):
        path = copy / name.strip().removeprefix("file=")
        path.write_text(patched(path.read_text(), text))


def output_of(command, copy):
    words = shlex.split(command)
    assert words[0] == "python"
    done = run([sys.executable, *words[1:]], cwd=copy)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def test_what_is_added_is_found(tmp_path):
    """The contract tests try the new task and model; layout and style tests pass their files."""
    with_all_that_is_added(tmp_path / "copy")
    names = [name.strip().removeprefix("file=") for name, _ in blocks(CONTRIBUTING, "python")]
    assert len(names) == 4
    for command in ("check", "format --check"):
        output_of(f"python -m ruff {command} --no-cache {' '.join(names)}", tmp_path / "copy")
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
    ran = [output_of(command, copy) for command in commands(CONTRIBUTING)]
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
    if words[2] == "torch.distributed.run":  # starts the module named after it
        words = ["python", *words[words.index("-m", 3) :]]
    assert words[:2] == ["python", "-m"]
    module = words[2]
    assert (ROOT / (module.replace(".", "/") + ".py")).is_file() or module == "pytest"
    name = module.removeprefix("experiments.")
    if name in MODULES and "task=triangles" not in words:
        for overrides in expanded([word for word in words[3:] if word != "-m"]):
            composed(*overrides, config_name=name)


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.stem)
def test_the_tables_of_a_page_are_those_of_the_studies(path):
    text = path.read_text()
    assert text == with_tables(text), "python -m docs.pages.tables writes them"


def test_a_marked_table_is_written_below_its_head():
    page = "x\n<!-- table: tour_tables.gap -->\n| a |\n|---|\n| old |\n\ny\n"
    lines = with_tables(page).splitlines()
    assert lines[:4] == page.splitlines()[:4]
    assert lines[4].startswith("| `transformer` | ")
    assert lines[-2:] == ["", "y"]
    assert "| old |" not in lines


def test_the_page_of_models_is_what_the_code_says():
    written = (ROOT / "docs/models.md").read_text()
    assert page() == written, "python -m docs.pages.models writes it"


def expanded(words):
    """Return the first job of a sweep: `seed=0,1,2` becomes `seed=0`, and `glob([a*])` a file."""
    sweep = re.compile(r"^([\w./@]+)=([^\[\]{}()',]+(?:,[^\[\]{}()',]+)+)$")
    of_files = re.compile(r"^([\w./]+)(@[\w.]+)?=glob\(\[?([\w*]+).*\)$")
    first = []
    for word in words:
        if found := of_files.match(word):
            file = next((ROOT / "conf" / found[1]).glob(f"{found[3]}.yaml"))
            word = f"{found[1]}{found[2] or ''}={file.stem}"
        elif found := sweep.match(word):
            word = f"{found[1]}={found[2].split(',')[0]}"
        first.append(word)
    yield first


def test_the_readme_is_short_and_the_index_names_every_page():
    assert len((ROOT / "README.md").read_text().splitlines()) <= 90
    index = (ROOT / "docs" / "README.md").read_text()
    others = [page.name for page in (ROOT / "docs").glob("*.md") if page.name != "README.md"]
    assert [name for name in others if f"({name})" not in index] == []


def test_the_page_for_users_of_the_library_runs():
    """Its blocks, one after the other, in one namespace: each asserts what the text says."""
    found = [text for _, text in blocks(ROOT / "docs" / "library.md", "python")]
    assert sum(text.count("assert") for text in found) >= 6
    torch.manual_seed(0)
    exec("\n".join(found), {})
