"""Installing: an older Python, and a package that has all of its files."""

import shutil
import subprocess
import tomllib

from tests.conftest import ROOT
from tests.processes import run


def test_an_older_python_is_one_line_and_leaves_nothing(tmp_path):
    for path in [ROOT / "Makefile", ROOT / "constraints.txt", *ROOT.glob("requirements*.txt")]:
        shutil.copy(path, tmp_path)
    old = tmp_path / "python3.10"
    old.write_text('#!/bin/sh\ntest "$1" = --version && echo Python 3.10.9\n')
    old.chmod(0o755)
    done = run(["make", "figures", f"PYTHON={old}"], cwd=tmp_path)
    assert done.returncode != 0
    first, *others = done.stderr.splitlines()
    assert first == "PYTHON must be Python 3.11 or later, got Python 3.10.9"
    assert all(line.startswith("make") for line in others)
    assert not (tmp_path / ".venv").exists()


def test_a_virtual_environment_of_an_older_python_is_made_again(tmp_path):
    shutil.copy(ROOT / "Makefile", tmp_path)
    place = tmp_path / ".venv" / "bin"
    place.mkdir(parents=True)
    (place / "python").write_text("#!/bin/sh\nexit 1\n")
    (place / "python").chmod(0o755)
    plain = tmp_path / "python"
    plain.write_text('#!/bin/sh\ntest "$2" = venv && mkdir -p .venv/made && exit 3\nexit 0\n')
    plain.chmod(0o755)
    subprocess.run(["make", "figures", f"PYTHON={plain}"], cwd=tmp_path, capture_output=True)
    assert [path.name for path in (tmp_path / ".venv").iterdir()] == ["made"]


def test_a_wheel_would_have_every_file_that_the_code_reads():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    listed = set(project["tool"]["setuptools"]["package-data"]["*"])
    packages = ("data_gen", "gn", "experiments", "conf")
    files = [path for name in packages for path in (ROOT / name).rglob("*") if path.is_file()]
    endings = {f"*{path.suffix}" for path in files if "__pycache__" not in path.parts}
    assert len(endings) > 4
    assert endings - {"*.py", "*.md", "*.nbc", "*.nbi"} <= listed  # numba keeps compiled code
