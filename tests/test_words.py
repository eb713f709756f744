"""Docstrings say who does what: none begins with a pronoun that stands for nothing."""

import ast
import re

import pytest

from tests.conftest import ROOT

FOLDERS = ("data_gen", "gn", "experiments", "benchmarks", "docs", "tests")
DANGLING = re.compile(r"(Of|Those|That|What|Who|Which|Whose|The same)\b")


def first_words(path):
    """Yield place and docstring of a module, its classes and functions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            text = ast.get_docstring(node)
            if text:
                line = getattr(node, "lineno", 1)
                yield f"{path.relative_to(ROOT)}:{line}", text


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_docstring_begins_with_a_dangling_word(folder):
    found = [
        (place, text.splitlines()[0])
        for path in sorted((ROOT / folder).rglob("*.py"))
        for place, text in first_words(path)
        if DANGLING.match(text)
    ]
    assert found == []
