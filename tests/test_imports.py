import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("data_gen", "gn", "experiments")  # each package may import the ones before it
FILES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
OPTIONAL = {"wandb"}  # imported only on request
OPTIONAL |= {"wandb_workspaces", "tensorboard"}


def imports(path, top_level_only=False):
    tree = ast.parse(path.read_text())
    nodes = tree.body if top_level_only else ast.walk(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_back_along_the_arrow(path):
    package = path.relative_to(ROOT).parts[0]
    later = PACKAGES[PACKAGES.index(package) + 1 :]
    assert not [name for name in imports(path) if name.split(".")[0] in later]


@pytest.mark.parametrize(
    "path", sorted((ROOT / "gn").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT))
)
def test_gn_needs_torch_and_torch_geometric_alone(path):
    for name in imports(path):
        top = name.split(".")[0]
        allowed = top in {"torch", "torch_geometric", "gn"} or top in sys.stdlib_module_names
        assert allowed or name == "data_gen.spec", name


def test_data_gen_spec_needs_torch_alone():
    tops = {name.split(".")[0] for name in imports(ROOT / "data_gen" / "spec.py")}
    assert tops <= {"torch"} | set(sys.stdlib_module_names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_imports_an_optional_package_at_its_top(path):
    assert not OPTIONAL & {name.split(".")[0] for name in imports(path, top_level_only=True)}
