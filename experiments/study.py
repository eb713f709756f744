"""What a configuration means: its task, its data sets, its model, its test cells."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig, OmegaConf

from data_gen.cell import Cell, SizeError
from data_gen.dataset import DataSet
from data_gen.distribution import Distribution, Reweighted
from data_gen.task import Task
from experiments.construct import construct
from experiments.errors import UserError
from experiments.run_folder import config_hash
from gn.model import GraphModel


@dataclass(frozen=True)
class TestCell:
    """A test set with its place in the transfer table."""

    __test__ = False  # not a test case of pytest

    data_set: DataSet
    distribution: str
    size: int
    shift: str  # none, size, distribution or both

    def steps(self, rule: str) -> int:
        """The number of message-passing steps that a rule asks for at this size."""
        return max(1, round(float(rule[:-1]) * self.size)) if rule.endswith("x") else int(rule)


class Study:
    """The parts of one run, built from its configuration; every wrong value is found here."""

    def __init__(self, config: DictConfig, run_hash: str | None = None) -> None:
        self.config = config
        self.run_hash = run_hash or config_hash(config)  # of the run that the weights are from
        check_values(config)
        self.task: Task[Any] = construct(config.task, "task")
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

    def build_model(self) -> GraphModel:
        """A new model for the task, from the current state of torch's generator."""
        return construct(self.config.model, "model")(spec=self.task.spec)

    @property
    def data_sets(self) -> list[DataSet]:
        """All that the run needs."""
        return [self.train_set, self.val_set, *(cell.data_set for cell in self.test_cells)]

    def _home(self) -> tuple[str, Distribution[Any]]:
        """Name and law of the training distribution."""
        config = self.config.train
        name, distribution = _only(config.distribution, "train.distribution")
        if config.edge_weights:
            _, law = _only(config.edge_weights, "train.edge_weights")
            distribution = Reweighted(distribution, law)
        return name, distribution

    def _test_cells(self) -> Iterator[TestCell]:
        """Every distribution x edge weights x size."""
        config = self.config.transfer
        for name, node in config.distributions.items():
            plain = construct(node, f"transfer.distributions.{name}")
            laws = {
                law: construct(law_node, f"transfer.edge_weights.{law}")
                for law, law_node in config.edge_weights.items()
            }
            for law_name, law in laws.items() if laws else [("", None)]:
                distribution = plain if law is None else Reweighted(plain, law)
                is_home_law = not law_name or law_name in self.config.train.edge_weights
                label = name if is_home_law else f"{name} ({law_name})"
                for size in config.sizes:
                    yield self._test_cell(distribution, str(label), size)

    def _test_cell(self, distribution: Distribution[Any], label: str, size: int) -> TestCell:
        larger = size not in self.config.train.sizes
        other = distribution != self.home_distribution
        shift = {(0, 0): "none", (1, 0): "size", (0, 1): "distribution", (1, 1): "both"}
        data_set = self._data_set(distribution, [size], "test", self.config.transfer.num_instances)
        return TestCell(data_set, label, size, shift[larger, other])

    def _data_set(
        self, distribution: Distribution[Any], sizes: list[int], split: str, num_instances: int
    ) -> DataSet:
        key = "transfer.sizes" if split == "test" else "train.sizes"
        try:
            cell = Cell(self.task, distribution, tuple(sizes), split, self.config.data_seed)
        except SizeError as error:
            raise UserError(f"{key}: {error}") from error
        return DataSet(cell, num_instances, self.folder)


def check_values(config: DictConfig) -> None:
    """Raise UserError for the first value that is out of its range."""
    for key, low, kind in RANGES:
        value = OmegaConf.select(config, key)
        if isinstance(value, bool) or not isinstance(value, kind) or not value >= low:
            raise UserError(f"{key}: {value!r} is not allowed, {_range_text(low, kind)} is")
    for key in ("train.sizes", "transfer.sizes"):
        if not OmegaConf.select(config, key):
            raise UserError(f"{key}: [] is not allowed, at least one size is needed")
    for rule in config.transfer.num_message_passing_steps:
        if rule is not None and not re.fullmatch(r"[1-9]\d*|\d*\.?\d+x", str(rule)):
            raise UserError(
                f"transfer.num_message_passing_steps: {rule!r} is not allowed,"
                " a whole number above 0, a multiple of the size such as 0.5x, or null is"
            )


RANGES: tuple[tuple[str, float, Any], ...] = (
    ("seed", 0, int),
    ("data_seed", 0, int),
    ("train.num_instances", 1, int),
    ("train.batch_size", 1, int),
    ("train.num_steps", 1, int),
    ("train.ema_decay", 0, (int, float)),
    ("val.num_instances", 1, int),
    ("val.every", 1, int),
    ("transfer.num_instances", 1, int),
    ("machine.num_threads", 1, int),
    ("machine.save_every", 1, int),
)


def _range_text(low: float, kind: object) -> str:
    return f"{'a whole number' if kind is int else 'a number'} of at least {low}"


def _only(node: DictConfig, key: str) -> tuple[str, Any]:
    """The one entry of a group."""
    if len(node) != 1:
        raise UserError(f"{key}: {list(node)} is not allowed, exactly one is needed")
    ((name, child),) = node.items()
    return str(name), construct(child, f"{key}.{name}")


def device_of(config: DictConfig) -> torch.device:
    """The device asked for; `auto` is the first GPU if there is one."""
    wanted = config.machine.device
    if wanted == "auto":
        wanted = "cuda" if torch.cuda.is_available() else "cpu"
    if wanted not in ("cpu", "cuda"):
        raise UserError(f"machine.device: {wanted!r} is not allowed, auto, cpu and cuda are")
    if wanted == "cuda" and not torch.cuda.is_available():
        raise UserError("machine.device: 'cuda' is not allowed, this machine has no GPU that works")
    return torch.device(wanted)


def num_workers_of(config: DictConfig) -> int:
    """Worker processes for generation; `auto` is one for each core."""
    wanted = config.machine.num_workers
    if wanted == "auto":
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    if not isinstance(wanted, int) or wanted < 1:
        raise UserError(
            f"machine.num_workers: {wanted!r} is not allowed, auto and numbers above 0 are"
        )
    return wanted
