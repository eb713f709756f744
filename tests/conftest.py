import os
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
# Published studies whose configuration has changed since they were run; they must be run again.
PENDING = (
    "inductive_bias",
    "nbody_cpu",
    "sat_cpu",
    "sat_families",
)


def but_pending(studies, *, also_current=()):
    """Make test parameters of studies; studies that must be run again are expected to fail."""
    mark = pytest.mark.xfail(reason="to be run again with its new configuration", strict=True)
    return [
        pytest.param(name, marks=mark if name in PENDING and name not in also_current else ())
        for name in studies
    ]


torch.set_num_threads(1)
for name in ("MODE", "PROJECT", "ENTITY"):  # of whoever runs the tests
    os.environ.pop(f"WANDB_{name}", None)


@cache
def stems(group):
    """List the yaml files of a configuration group, so that a new file is tested at once."""
    return sorted(path.stem for path in (ROOT / "conf" / group).glob("*.yaml"))


NAMES = ["label=test", "task_label=test"]  # Hydra sets these when it starts a job


def composed(*overrides, config_name="train"):
    names = NAMES if config_name == "train" else []
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        return compose(config_name, overrides=[*names, *overrides])


def study(*overrides):
    return RunParts(composed(*overrides))


@cache
def the_study(*overrides):
    """Share one study between all tests that only read it: composing it is slower than a test."""
    return study(*overrides)


def model_yaml(model_name):
    return OmegaConf.load(ROOT / "conf" / "model" / f"{model_name}.yaml")


@cache
def needed_types(model_name):
    """Return the kinds of nodes that the model requires; () if it takes any graph."""
    return get_class(model_yaml(model_name)["_target_"]).node_types


def fits(task_name, model_name):
    """Return whether the model is defined for the task."""
    return accepts(model_name, the_study(f"task={task_name}").spec)


def accepts(model_name, spec):
    try:
        get_class(model_yaml(model_name)["_target_"]).check_spec(spec)
    except ValueError:
        return False
    return True


def kind_of(task_name):
    """Return the properties of a task that a model sees: its answers and its kinds of graphs."""
    spec = the_study(f"task={task_name}").spec
    outs = spec.node_out > 0, spec.edge_out > 0, spec.global_out > 0
    return *outs, spec.position_dim > 0, spec.is_vector, spec.node_types


def is_sampled(task_name, model_name, models):
    """Return whether the fast tests include a pair of task and model.

    They try one task of each kind with every model, and every task with a few models. All other
    pairs are slow tests.
    """
    first = next(t for t in stems("task") if kind_of(t) == kind_of(task_name))
    return task_name == first or model_name in models or own_task(model_name) == task_name


def own_task(model_name):
    """Return the first task with the kinds of nodes that the model requires."""
    needed = needed_types(model_name)
    tasks = [name for name in stems("task") if fits(name, model_name)]
    return next(t for t in tasks if the_study(f"task={t}").spec.node_types == needed)


@cache
def has_parameters(model_name):
    """Return whether the model has parameters to train."""
    node = model_yaml(model_name)
    return num_parameters(node, spec_of(get_class(node["_target_"]))) > 0


def instances(task_name, size, count=6, data_seed=0):
    """Return instances of the task, drawn from its training distribution."""
    parts = the_study(f"task={task_name}")
    return parts.task, [graph.clone() for graph in _instances(task_name, size, count, data_seed)]


@cache
def _instances(task_name, size, count, data_seed):
    parts = the_study(f"task={task_name}")
    cell = Cell(parts.task, parts.home_distribution, (size,), "test", data_seed)
    return cell.instances(0, count)


@pytest.fixture
def tiny():
    """Return overrides for a training of about a second."""
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
