"""The layout of the code: the place of each kind of file, and the allowed imports."""

import ast

import pytest
from omegaconf import OmegaConf

from tests.conftest import ROOT

# Folders of experiments/: each may import from those before it; the commands from all of them.
ROOMS = (
    "settings", "tables", "statistics", "processes", "learning", "run", "figures", "tracking",
    "study", "report_page", "sweep",
)  # fmt: skip
COMMAND_LINES = 100
HELPERS = ("__init__", "learner", "clause_tables", "clause_walk")  # modules that no yaml names
SHELVES = {"tasks": "task", "distributions": "distribution", "edge_weights": "edge_weights"}


def modules(package):
    return sorted((ROOT / package).rglob("*.py"))


def imported(path):
    """Yield the names of all modules that a file imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(path):
    parts = path.relative_to(ROOT / "experiments").parts
    return parts[0] if len(parts) > 1 else ""


def domains():
    """Return the folders of data_gen that have tasks or distributions."""
    return {p.parent.name for shelf in SHELVES for p in (ROOT / "data_gen").glob(f"*/{shelf}")}


def test_the_root_of_experiments_has_commands_and_rooms_alone():
    root = ROOT / "experiments"
    rooms = {path.parent.name for path in root.glob("*/__init__.py")}
    assert rooms == set(ROOMS)
    for path in root.glob("*.py"):
        if not path.stem.startswith("_"):
            assert (ROOT / "conf" / f"{path.stem}.yaml").is_file(), path
            assert len(path.read_text().splitlines()) <= COMMAND_LINES, path


@pytest.mark.parametrize("path", modules("experiments"), ids=lambda p: str(p.relative_to(ROOT)))
def test_rooms_import_downwards(path):
    order = ("", *reversed(ROOMS))
    above = order[: order.index(room(path))]
    for name in imported(path):
        parts = name.split(".")
        if parts[0] == "experiments" and len(parts) > 1:
            target = parts[1] if parts[1] in ROOMS else ""
            if target != room(path):
                assert target not in above, name


@pytest.mark.parametrize("package", ["data_gen", "gn", "experiments"])
def test_no_module_imports_itself_by_way_of_others(package):
    names = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in modules(package)
    }
    imports = {name: {n for n in imported(path) if n in names} for name, path in names.items()}
    done, way = set(), []

    def visit(name):
        assert name not in way, " -> ".join([*way[way.index(name) :], name])
        if name not in done:
            way.append(name)
            for other in sorted(imports[name] - {name}):
                visit(other)
            done.add(way.pop())

    for name in names:
        visit(name)


@pytest.mark.parametrize(
    "path",
    [*modules("experiments"), *sorted((ROOT / "data_gen").glob("*.py")),
     *modules("data_gen/answers")],
    ids=lambda p: str(p.relative_to(ROOT)),
)  # fmt: skip
def test_the_core_imports_no_domain(path):
    known = domains()
    assert {"graphs", "paths", "sat", "bodies"} <= known
    for name in imported(path):
        parts = name.split(".")
        assert parts[0] != "data_gen" or len(parts) < 2 or parts[1] not in known, name


def targets(node):
    """Yield every class that a configuration names."""
    if isinstance(node, dict):
        yield from ([node["_target_"]] if "_target_" in node else [])
        for value in node.values():
            yield from targets(value)
    elif isinstance(node, list):
        for value in node:
            yield from targets(value)


def shelves():
    """Return each group of conf with the modules whose classes its files may name."""
    found = {g: list((ROOT / "data_gen").glob(f"*/{shelf}/*.py")) for shelf, g in SHELVES.items()}
    found["model"] = [*(ROOT / "gn/models").glob("*.py"), *(ROOT / "gn/heuristics").glob("*.py")]
    found["learning"] = list((ROOT / "experiments/learning").glob("*.py"))
    return found


@pytest.mark.parametrize("group", shelves())
def test_a_yaml_has_the_stem_of_its_module_and_stems_are_unique(group):
    """Another configuration of the same class is another yaml with another stem."""
    stems = [path.stem for path in shelves()[group] if path.stem not in HELPERS]
    assert len(set(stems)) == len(stems)
    named = set()
    for path in (ROOT / "conf" / group).glob("*.yaml"):
        plain = OmegaConf.to_container(OmegaConf.load(path))
        modules_of = [t.split(".")[-2] for t in targets(plain.get(path.stem, plain))]
        named |= set(modules_of)
        assert path.stem not in stems or path.stem in modules_of, path
    assert set(stems) <= named, "a module that no yaml names cannot be chosen"
