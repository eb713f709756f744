from functools import cache
from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir

from data_gen.cell import Cell
from experiments.study import Study

ROOT = Path(__file__).parent.parent
torch.set_num_threads(1)


def stems(group):
    """Names of the yaml files of a configuration group: a new one is tested by existing."""
    return sorted(path.stem for path in (ROOT / "conf" / group).glob("*.yaml"))


NAMES = ["label=test", "task_label=test"]  # Hydra fills these in where it starts a job


def composed(*overrides, config_name="train"):
    names = NAMES if config_name == "train" else []
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        return compose(config_name, overrides=[*names, *overrides])


def study(*overrides):
    return Study(composed(*overrides))


@cache
def the_study(*overrides):
    """One study for all tests that only look at it: to compose one takes longer than most tests."""
    return study(*overrides)


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
