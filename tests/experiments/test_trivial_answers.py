"""Every study includes the models of gn/heuristics that are made for its task.

Studies and models are read from conf/, so that a new study or a new model is tested at once.
"""

from functools import cache

import pytest
import torch
from omegaconf import DictConfig, OmegaConf

from data_gen.packed import Packed
from experiments.settings.construct import build, construct
from experiments.tables.rows import read_table
from tests.conftest import ROOT, accepts, but_pending, model_yaml, stems, study, the_study

EXPERIMENTS = ROOT / "conf" / "experiment"
PUBLISHED = [name for name in stems("experiment") if (ROOT / "results" / name).is_dir()]
UNTOLD = ("model", "learning", "train.distribution")  # keys that do not change the test instances


def arms(name):
    """Return the arms of the sweep."""
    params = OmegaConf.load(EXPERIMENTS / f"{name}.yaml").hydra.sweeper.params
    text = params[f"experiment/{name}@_global_"]
    every = sorted(path.stem for path in (EXPERIMENTS / name).glob("*.yaml"))
    chosen = every if text == "glob(*)" else text.split(",")
    assert set(chosen) <= set(every)
    return chosen


@cache
def choices(name, arm):
    """Return the choices of an arm, including inherited ones: configuration group -> choice."""
    found, node = {}, OmegaConf.load(EXPERIMENTS / name / f"{arm}.yaml")
    for entry in node.get("defaults", []):
        if isinstance(entry, DictConfig):
            found |= {str(key).removeprefix("override /"): value for key, value in entry.items()}
        elif entry.startswith("/"):
            found[entry] = ""
        else:
            found |= choices(name, entry)
    return found


def model_of(name, arm):
    """Return the model of an arm."""
    return choices(name, arm)["model"]


def instances_of(parts):
    return parts.task.identity, tuple(cell.data_set.data_hash for cell in parts.test_cells)


@cache
def worlds(name):
    """Group the arms of a study by their test instances, with the parts of one arm."""
    by_choices, by_instances = {}, {}
    for arm in arms(name):
        told = {k: v for k, v in choices(name, arm).items() if not k.endswith(UNTOLD)}
        by_choices.setdefault(tuple(sorted(told.items())), []).append(arm)
    for group in by_choices.values():
        parts = study(f"experiment={name}", f"experiment/{name}@_global_={group[0]}",
                      "machine.device=cpu")  # fmt: skip
        by_instances.setdefault(instances_of(parts), (parts, []))[1].extend(group)
    return list(by_instances.values())


@cache
def made_for_a_task():
    """Return the models of gn/heuristics that refuse some task, so that they have a domain."""
    specs = [the_study(f"task={task}").spec for task in stems("task")]
    targets = {name: model_yaml(name)["_target_"] for name in stems("model")}
    return [
        name
        for name, target in targets.items()
        if target.startswith("gn.heuristics.") and not all(accepts(name, spec) for spec in specs)
    ]


@cache
def trivial_answers(name, world):
    """Return the trivial models for the task of a world, grouped by equal answers."""
    parts, _ = worlds(name)[world]
    graphs, groups = parts.test_cells[0].data_set.cell.instances(0, 6), []
    batch = parts.task.batch(Packed.pack(graphs), range(len(graphs)))
    for model_name in made_for_a_task():
        if accepts(model_name, parts.spec):
            answer = answer_of(model_name, parts.spec, batch)
            same = [names for names, other in groups if are_alike(answer, other)]
            if same:
                same[0].append(model_name)
            else:
                groups.append(([model_name], answer))
    return [names for names, _ in groups]


def answer_of(model_name, spec, batch):
    torch.manual_seed(0)
    model = build(construct(model_yaml(model_name), "model"), "model", spec=spec)
    with torch.no_grad():
        return [part for part in model(batch)[:3] if part is not None]


def are_alike(answer, other):
    return all(torch.allclose(*pair, atol=1e-4) for pair in zip(answer, other, strict=True))


@pytest.mark.parametrize("name", stems("experiment"))
def test_no_study_overrides_what_its_arms_choose(name):
    """Hydra takes the outer of two overrides, so the arm would silently be of another model."""
    entries = OmegaConf.load(EXPERIMENTS / f"{name}.yaml").defaults
    keys = [str(key) for e in entries if isinstance(e, DictConfig) for key in e]
    of_study = {key.removeprefix("override /") for key in keys}
    of_arms = {group for arm in arms(name) for group in choices(name, arm)}
    assert "model" in of_arms
    assert of_study.isdisjoint(of_arms), f"{of_study & of_arms} of {name} hide those of its arms"


@pytest.mark.parametrize("name", stems("experiment"))
def test_every_study_has_the_trivial_answers_of_its_task(name):
    for world, (_, group) in enumerate(worlds(name)):
        answers = trivial_answers(name, world)
        assert answers, "no model of gn/heuristics is made for this task: one is needed"
        skipped = {model_of(name, arm) for arm in group if is_skipped(name, arm)}
        for names in answers:
            assert skipped & set(names), f"none of {names} is an arm beside {group}"


def is_skipped(name, arm):
    node = OmegaConf.load(EXPERIMENTS / name / f"{arm}.yaml")
    return OmegaConf.select(node, "train.skip", default=False)


@pytest.mark.parametrize("name", but_pending(PUBLISHED, also_current=["inductive_bias"]))
def test_every_published_table_has_the_trivial_answers_of_its_task(name):
    rows = read_table(ROOT / "results" / name / "transfer.csv")
    for world, (parts, _) in enumerate(worlds(name)):
        cells = {(cell.distribution, cell.size) for cell in parts.test_cells}
        for names in trivial_answers(name, world):
            scored = {(r.distribution, r.size) for r in rows if r.model in names}
            assert cells <= scored, f"{name}: none of {names} is in the table"


def test_the_search_for_trivial_answers_finds_all_of_them():
    """Check the helpers of the tests above: arms, their models, and the tasks of models."""
    assert model_of("tour_mini", "transformer_labels") == "transformer_edge_bias"
    assert model_of("sat_difficulty", "easy") == "neuro_sat"
    assert "zero" not in made_for_a_task()
    assert {"ruler", "walk_sat", "nearest_neighbour", "leapfrog"} <= set(made_for_a_task())
    assert len(worlds("nbody_cpu")) == 4
    homes = [parts.home for parts, _ in worlds("nbody_cpu")]
    assert ["constant_velocity", "euler", "leapfrog"] in trivial_answers(
        "nbody_cpu", homes.index("balls")
    )
