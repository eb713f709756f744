"""Patterns of paths: hidden files are left out, and folders may have any name."""

import ast
from pathlib import Path

import pytest

from data_gen.patterns import matching, visible

ROOT = Path(__file__).parents[2]


def fill(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")


def names(folder, paths):
    return [str(path.relative_to(folder)) for path in paths]


def test_hidden_files_and_links_to_nowhere_are_left_out(tmp_path):
    fill(tmp_path, "b.cnf", "a.cnf", "._a.cnf", "deep/c.cnf", ".Trashes/d.cnf", "deep/._c.cnf")
    (tmp_path / ".#a.cnf").symlink_to("user@host.1:2")
    assert names(tmp_path, visible(tmp_path, "*.cnf")) == ["a.cnf", "b.cnf"]
    for pattern, found in (("*.cnf", 2), ("**/*.cnf", 3), ("*/*.cnf", 1), (".Trashes/*.cnf", 1)):
        assert len(matching(f"{tmp_path}/{pattern}")) == found


def test_a_folder_may_be_named_like_a_pattern(tmp_path):
    fill(tmp_path, "set [v2]/a.cnf", "set [v2]/b[1].cnf", "set v/c.cnf", "*/d.cnf", "x1/e.cnf")
    for pattern, found in (
        ("set [v2]/*.cnf", ["set [v2]/a.cnf", "set [v2]/b[1].cnf"]),
        ("set [v2]/b[1].cnf", ["set [v2]/b[1].cnf"]),
        ("set [uv]/*.cnf", ["set v/c.cnf"]),
        ("*/*.cnf", ["*/d.cnf"]),  # the folder of that name
        ("x[12]/*.cnf", ["x1/e.cnf"]),
        ("set [v2]", ["set [v2]"]),
        ("no/*.cnf", []),
    ):
        assert names(tmp_path, matching(f"{tmp_path}/{pattern}")) == found, pattern


def test_a_relative_pattern_gives_relative_paths(tmp_path, monkeypatch):
    fill(tmp_path, "cnf/a.cnf", "cnf/b.cnf")
    monkeypatch.chdir(tmp_path)
    assert [str(path) for path in matching("cnf/*.cnf")] == ["cnf/a.cnf", "cnf/b.cnf"]
    assert [str(path) for path in matching("c*/a.cnf")] == ["cnf/a.cnf"]


@pytest.mark.parametrize("package", ["data_gen", "experiments", "gn"])
def test_no_module_uses_the_globs_that_match_hidden_files(package):
    for path in sorted((ROOT / package).rglob("*.py")):
        nodes = ast.walk(ast.parse(path.read_text()))
        called = {n.func.attr for n in nodes
                  if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)}  # fmt: skip
        assert not called & {"glob", "rglob", "iglob"}, path
