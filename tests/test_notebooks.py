"""The notebooks: what is saved, and what comes out when they are executed again."""

import ast
import importlib
import json

import pytest
from nbformat.v4 import new_code_cell

from docs.pages.notebooks import executed, notebooks, read
from tests.conftest import ROOT

LARGEST = 400_000  # bytes of a file
NAMES = [path.stem for path in notebooks()]
each_notebook = pytest.mark.parametrize("path", notebooks(), ids=lambda path: path.stem)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


@each_notebook
def test_a_saved_notebook_was_executed_from_top_to_bottom(path):
    cells = code_cells(read(path))
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert {output.output_type for output in outputs} == {"stream", "display_data"}
    assert {output.get("name", "stdout") for output in outputs} == {"stdout"}  # no warnings
    assert any("image/png" in output.get("data", {}) for output in outputs)


@each_notebook
def test_a_saved_notebook_says_nothing_of_the_machine(path):
    notebook = read(path)
    assert path.stat().st_size < LARGEST
    assert notebook.metadata.kernelspec.name == "python3"
    assert all(cell.metadata == {} for cell in notebook.cells)  # no times
    text = json.dumps(notebook)
    assert [
        word for word in (str(ROOT), "/home/", "/root/", "/tmp/", "site-packages") if word in text
    ] == []


@each_notebook
def test_the_imports_of_a_notebook_exist(path):
    """Its other lines run in the slow test alone."""
    tree = ast.parse("\n".join(cell.source for cell in code_cells(read(path))))
    found = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert len(found) > 5
    for node in found:
        for alias in node.names:
            assert hasattr(importlib.import_module(node.module), alias.name), alias.name


@pytest.mark.parametrize("page", ["README.md", "library.md"])
def test_the_pages_link_every_notebook(page):
    text = (ROOT / "docs" / page).read_text()
    assert [name for name in NAMES if f"(notebooks/{name}.ipynb)" not in text] == []


def scores_of(name, folder):
    """Execute a notebook and return its variable `scores`."""
    (path,) = (path for path in notebooks() if path.stem == name)
    notebook = read(path)
    notebook.cells.append(new_code_cell("import json\n\nprint(json.dumps(scores))"))
    (output,) = executed(notebook, folder).cells[-1].outputs
    return json.loads(output.text)


@pytest.mark.slow
def test_trained_networks_beat_the_ruler_in_the_notebook_of_paths(tmp_path):
    scores = scores_of("shortest_path", tmp_path)
    ruler = scores.pop("ruler (no parameters)")
    assert 0.3 < ruler["64"] < 0.7
    assert len(scores) == 2
    for of_size in scores.values():
        assert of_size["16"] > ruler["16"] + 0.25
        assert of_size["64"] > ruler["64"]
    assert scores["linear messages"]["64"] > ruler["64"] + 0.1


@pytest.mark.slow
def test_the_network_knows_the_forces_in_the_notebook_of_physics(tmp_path):
    """An error of 1 is that of masses that keep their velocity."""
    scores = scores_of("physics", tmp_path)
    assert set(scores) == {"4", "6", "9", "16"}
    for size in ("4", "6", "9"):
        assert 0 < scores[size]["single steps"] < 0.02
        assert 0 < scores[size]["rollout"] < 0.2
    assert scores["16"]["single steps"] < 0.2


def test_every_notebook_has_a_test_of_its_scores():
    assert NAMES == ["physics", "shortest_path"]
