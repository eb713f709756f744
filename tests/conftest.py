from functools import cache
from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.utils import get_class
from omegaconf import OmegaConf

from data_gen.cell import Cell
from docs.pages.probes import spec_of
from experiments.run.matching import num_parameters
from experiments.run.parts import RunParts

ROOT = Path(__file__).parent.parent
# Published studies whose configuration has changed since they were run: to be run again.
PENDING = (
    "charges_cpu",
    "inductive_bias",
    "nbody_cpu",
    "sat_cpu",
    "sat_difficulty",
    "sat_families",
)


def but_pending(studies, *, also_current=()):
    """Studies as parameters; those that are to be run again are expected to fail."""
    mark = pytest.mark.xfail(reason="to be run again with its new configuration", strict=True)
    return [
        pytest.param(name, marks=mark if name in PENDING and name not in also_current else ())
        for name in studies
    ]


torch.set_num_threads(1)


@cache
def stems(group):
    """Names of the yaml files of a configuration group: a new one is tested by existing."""
    return sorted(path.stem for path in (ROOT / "conf" / group).glob("*.yaml"))


NAMES = ["label=test", "task_label=test"]  # Hydra fills these in where it starts a job


def composed(*overrides, config_name="train"):
    names = NAMES if config_name == "train" else []
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        return compose(config_name, overrides=[*names, *overrides])


def study(*overrides):
    return RunParts(composed(*overrides))


@cache
def the_study(*overrides):
    """One study for all tests that only look at it: to compose one takes longer than most tests."""
    return study(*overrides)


def model_yaml(model_name):
    return OmegaConf.load(ROOT / "conf" / "model" / f"{model_name}.yaml")


@cache
def needed_types(model_name):
    """The kinds of nodes that the model is made for; () if any will do."""
    return get_class(model_yaml(model_name)["_target_"]).node_types


def fits(task_name, model_name):
    """Whether the model is defined for what the task asks of which graphs."""
    return accepts(model_name, the_study(f"task={task_name}").spec)


def accepts(model_name, spec):
    try:
        get_class(model_yaml(model_name)["_target_"]).check_spec(spec)
    except ValueError:
        return False
    return True


def kind_of(task_name):
    """What a model sees of a task: which answers it asks for, of what kinds of graphs."""
    spec = the_study(f"task={task_name}").spec
    outs = spec.node_out > 0, spec.edge_out > 0, spec.global_out > 0
    return *outs, spec.position_dim > 0, spec.is_vector, spec.node_types


def is_sampled(task_name, model_name, models):
    """Whether the fast tests try a pair: one task of a kind with every model, all with a few.

    The others are slow tests: with each domain there would be as many more as there are models.
    """
    first = next(t for t in stems("task") if kind_of(t) == kind_of(task_name))
    return task_name == first or model_name in models or own_task(model_name) == task_name


def own_task(model_name):
    """The first task whose kinds of nodes are those that the model is made for."""
    needed = needed_types(model_name)
    tasks = [name for name in stems("task") if fits(name, model_name)]
    return next(t for t in tasks if the_study(f"task={t}").spec.node_types == needed)


@cache
def has_parameters(model_name):
    """Whether there is a gradient at all."""
    node = model_yaml(model_name)
    return num_parameters(node, spec_of(get_class(node["_target_"]))) > 0


def instances(task_name, size, count=6, data_seed=0):
    """Instances of the task on the distribution it is trained on."""
    parts = the_study(f"task={task_name}")
    return parts.task, [graph.clone() for graph in _instances(task_name, size, count, data_seed)]


@cache
def _instances(task_name, size, count, data_seed):
    parts = the_study(f"task={task_name}")
    cell = Cell(parts.task, parts.home_distribution, (size,), "test", data_seed)
    return cell.instances(0, count)


@pytest.fixture
def tiny():
    """Overrides that make a training last a second."""
    return [
        "model=node_mlp",
        "label=tiny",
        "train.num_steps=40",
        "train.num_instances=64",
        "train.sizes=[8,9]",
        "val.num_instances=16",
        "val.every=10",
        "transfer.num_instances=8",
        "transfer.sizes=[8,16]",
        "machine.save_every=10",
    ]
