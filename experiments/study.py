"""What a configuration means: its task, its data sets, its model, its test cells."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig, ListConfig

from data_gen.cell import Cell, SizeError, StructureError
from data_gen.dataset import DataSet
from data_gen.distribution import Distribution, EdgeWeights, GenerationError, Reweighted
from data_gen.spec import GraphSpec
from data_gen.task import Task
from experiments.batches import check_num_nodes
from experiments.construct import build, construct
from experiments.errors import UserError
from experiments.identity import config_hash
from experiments.labels import label
from experiments.matching import matched
from experiments.steps import check_can_settle, check_rule
from experiments.validation import check_writable
from gn.model import GraphModel


@dataclass(frozen=True)
class TestCell:
    """A test set with its place in the transfer table."""

    __test__ = False  # not a test case of pytest

    data_set: DataSet
    distribution: str
    size: int
    shift: str  # none, size, distribution or both


class Study:
    """The parts of one run, built from its configuration, which `check_config` has seen."""

    def __init__(self, config: DictConfig, run_hash: str | None = None) -> None:
        self.task: Task[Any] = construct(config.task, "task", Task)
        self.spec = _spec(self.task)
        self.config = config = matched(config, self.spec)
        self.run_hash = run_hash or config_hash(config)  # of the run that the weights are from
        self.folder = Path(config.machine.data_dir)
        self.home, self.home_distribution = self._home()
        self.train_set = self._data_set(
            self.home_distribution, config.train.sizes, "train", config.train.num_instances
        )
        self.val_set = self._data_set(
            self.home_distribution, config.train.sizes, "val", config.val.num_instances
        )
        self.test_cells = list(self._test_cells())
        self.steps_rules = [
            "" if rule is None else str(rule) for rule in config.transfer.num_message_passing_steps
        ]
        if not all(cell.data_set.path.exists() for cell in self.test_cells):
            check_writable(config, "machine.data_dir")

    def build_model(self) -> GraphModel:
        """A new model for the task, from the current state of torch's generator."""
        model = build(construct(self.config.model, "model"), "model", spec=self.spec)
        if not isinstance(model, GraphModel):
            target = self.config.model["_target_"]
            raise UserError(f"model._target_: {target!r} is not allowed, a GraphModel is")
        return model

    def check_steps(self, model: GraphModel) -> None:
        """Raise UserError if a model of a fixed number of steps is to be trained with another.

        Tested it is with its own, whatever the rules of the others.
        """
        for rule in self.steps_rules:
            check_rule(rule, self.task)
            check_can_settle(rule, model)
        own = model.num_message_passing_steps
        if model.has_adjustable_steps or own == 0:
            return
        trained = self.config.train.num_message_passing_steps
        for step in trained if isinstance(trained, ListConfig) else [trained]:
            if step not in (None, own):
                raise UserError(
                    f"train.num_message_passing_steps: {step!r} is not allowed, the model takes a"
                    f" fixed number of steps: null and {own} are"
                )

    def check_training_graphs(self, model: GraphModel) -> None:
        """Raise UserError if the training graphs are larger than the model can take."""
        for data_set in self.training_sets:
            check_num_nodes(data_set.load(), model)

    @property
    def training_sets(self) -> list[DataSet]:
        """Those that are read in training; a stream of instances is on no disk."""
        return [self.val_set] if self.config.data.stream else [self.train_set, self.val_set]

    @property
    def data_sets(self) -> list[DataSet]:
        """All that the run needs."""
        return [*self.training_sets, *(cell.data_set for cell in self.test_cells)]

    def _home(self) -> tuple[str, Distribution[Any]]:
        """Name and law of the training distribution."""
        config = self.config.train
        name, node = _only(config.distribution, "train.distribution")
        distribution = construct(node, f"train.distribution.{name}", Distribution)
        if distribution.is_list:  # training, validation and test would share it
            raise UserError(f"train.distribution: {name} is a list of files, for tests alone")
        if config.edge_weights:
            law_name, node = _only(config.edge_weights, "train.edge_weights")
            law = _law(node, f"train.edge_weights.{law_name}")
            distribution = Reweighted(distribution, law)
        return name, distribution

    def _test_cells(self) -> Iterator[TestCell]:
        """Every distribution x edge weights x size."""
        config = self.config.transfer
        home_law = getattr(self.home_distribution, "edge_weights", None)
        laws: dict[str, Any] = {"": None}  # how its label ends -> the law
        if config.edge_weights:
            made = [
                (
                    label("edge_weights", str(name), node),
                    _law(node, f"transfer.edge_weights.{name}"),
                )
                for name, node in config.edge_weights.items()
            ]
            laws = {"" if law == home_law else f" ({name})": law for name, law in made}
        for name, node in config.distributions.items():
            plain = construct(node, f"transfer.distributions.{name}", Distribution)
            for ending, law in laws.items():
                distribution = plain if law is None else Reweighted(plain, law)
                full_name = label("distribution", str(name), node) + ending
                for size in config.get("sizes_of", {}).get(name, config.sizes):
                    yield self._test_cell(distribution, full_name, size)

    def _test_cell(self, distribution: Distribution[Any], name: str, size: int) -> TestCell:
        larger = size not in self.config.train.sizes
        other = distribution != self.home_distribution
        shift = {(0, 0): "none", (1, 0): "size", (0, 1): "distribution", (1, 1): "both"}
        data_set = self._data_set(distribution, [size], "test", self.config.transfer.num_instances)
        return TestCell(data_set, name, size, shift[larger, other])

    def _data_set(
        self, distribution: Distribution[Any], sizes: list[int], split: str, num_instances: int
    ) -> DataSet:
        key = "transfer.sizes" if split == "test" else "train.sizes"
        try:
            cell = Cell(self.task, distribution, tuple(sizes), split, self.config.data_seed)
        except SizeError as error:
            raise UserError(f"{key}: {error}") from error
        except (StructureError, GenerationError) as error:
            where = "transfer.distributions" if split == "test" else "train.distribution"
            raise UserError(f"{where}: {error}") from error
        return DataSet(cell, cell.count(num_instances), self.folder)


def _only(node: DictConfig, key: str) -> tuple[str, object]:
    """The one entry of a group."""
    if len(node) != 1:
        raise UserError(f"{key}: {list(node)} is not allowed, exactly one is needed")
    ((name, child),) = node.items()
    return str(name), child


def _law(node: object, key: str) -> EdgeWeights:
    """A law of edge lengths."""
    law = construct(node, key)
    if not type(law).__module__.startswith("data_gen.edge_weights."):
        name = type(law).__name__
        raise UserError(f"{key}: {name} is not allowed, a class of data_gen.edge_weights is")
    return law


def _spec(task: Task[Any]) -> GraphSpec:
    """The widths of a task; raises UserError if one of its parts is of the wrong kind."""
    try:
        return task.spec
    except AttributeError as error:
        raise UserError(f"task: {task!r} is not allowed, {error}") from error


def device_of(config: DictConfig) -> torch.device:
    """The device asked for; `auto` is the first GPU if there is one."""
    wanted = config.machine.device
    if wanted == "auto":
        wanted = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(wanted)


def num_workers_of(config: DictConfig) -> int:
    """Worker processes for generation; `auto` is one for each core."""
    wanted = config.machine.num_workers
    if wanted == "auto":
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    return wanted
