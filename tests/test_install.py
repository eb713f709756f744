"""Installing: an older Python, and a package that has all of its files."""

import shutil
import subprocess
import sys
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


def test_commands_work_from_any_folder_and_as_files(tmp_path):
    project = tmp_path / "a project"
    shutil.copytree(ROOT / "experiments" / "statistics", project / "experiments" / "statistics")
    shutil.copy(ROOT / "experiments" / "__init__.py", project / "experiments")
    for path in [ROOT / "Makefile", ROOT / "constraints.txt", *ROOT.glob("requirements*.txt")]:
        shutil.copy(path, project)
    command = project / "experiments" / "plot.py"  # it needs a module that a folder hides
    command.write_text("import experiments, statistics\nprint(statistics.mean([1, 3]))\n")
    plain = tmp_path / "python"
    plain.write_text(
        f'#!/bin/sh\ntest "$2" = venv || exec {sys.executable} "$@"\n'
        f"{sys.executable} -m venv --without-pip .venv && ln -s /bin/true .venv/bin/pip\n"
    )
    plain.chmod(0o755)
    made = run(["make", "figures", f"PYTHON={plain}"], cwd=project)
    assert made.returncode == 0, made.stderr
    for words in (["-m", "experiments.plot"], [str(command)]):
        done = run([project / ".venv" / "bin" / "python", *words], cwd=tmp_path)
        assert (done.stdout, done.stderr) == ("2\n", "")


def test_a_wheel_would_have_every_file_that_the_code_reads():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    listed = set(project["tool"]["setuptools"]["package-data"]["*"])
    packages = ("data_gen", "gn", "experiments", "conf")
    files = [path for name in packages for path in (ROOT / name).rglob("*") if path.is_file()]
    endings = {f"*{path.suffix}" for path in files if "__pycache__" not in path.parts}
    assert len(endings) > 4
    assert endings - {"*.py", "*.md", "*.nbc", "*.nbi"} <= listed  # numba keeps compiled code
