"""Build the parts of a run from its configuration: task, data sets, model and test cells."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from torch.optim import Optimizer

from data_gen.cell import Cell, SizeError, StructureError
from data_gen.dataset import DataSet
from data_gen.distribution import Distribution, GenerationError
from data_gen.spec import GraphSpec
from data_gen.task import Task
from experiments.learning.learner import Learner
from experiments.run.batches import check_num_nodes
from experiments.run.identity import config_hash
from experiments.run.laws import changed, law_of, only
from experiments.run.matching import matched
from experiments.run.steps import check_can_settle, check_rule
from experiments.settings.checks import check_writable
from experiments.settings.construct import build, construct
from experiments.settings.errors import UserError
from experiments.settings.labels import label
from experiments.settings.places import CONF
from experiments.settings.run_settings import RunSettings
from gn.model import GraphModel

SUPERVISED = CONF / "learning" / "supervised.yaml"


@dataclass(frozen=True)
class TestCell:
    """A test set with its place in the transfer table."""

    __test__ = False  # not a pytest class

    data_set: DataSet
    distribution: str
    size: int
    shift: str  # none, size, distribution or both


class RunParts:
    """The parts of one run, built from its configuration.

    Raises:
        UserError: for the first value that is not allowed, before any work.
    """

    def __init__(self, config: DictConfig, run_hash: str | None = None) -> None:
        self.settings = settings = RunSettings.of_config(config)
        self.task: Task[Any] = construct(config.task, "task", Task)
        self.spec = _spec(self.task)
        self.config = config = matched(config, self.spec)
        self.run_hash = run_hash or config_hash(config)  # of the run that trained the weights
        self.folder = Path(settings.machine.data_dir)
        self.home, self.home_distribution = self._home()
        home, sizes = self.home_distribution, settings.train.sizes
        self.train_set = self._data_set(home, sizes, "train", settings.train.num_instances)
        self.val_set = self._data_set(home, sizes, "val", settings.val.num_instances)
        self.test_cells = list(self._test_cells())
        rules = settings.transfer.num_message_passing_steps
        self.steps_rules = ["" if rule is None else str(rule) for rule in rules]
        if not all(cell.data_set.path.exists() for cell in self.test_cells):
            check_writable(config, "machine.data_dir")

    def build_model(self) -> GraphModel:
        """Build a new model for the task; its weights depend on torch's generator.

        Raises:
            UserError: the model's class or arguments are not allowed.
        """
        model = build(construct(self.config.model, "model"), "model", spec=self.spec)
        if not isinstance(model, GraphModel):
            target = self.config.model["_target_"]
            raise UserError(f"model._target_ must be a subclass of GraphModel, got {target!r}")
        return model

    def build_learner(self) -> Learner:
        """Build the training method; old configurations without one are supervised.

        Raises:
            UserError: the learner's class or arguments are not allowed.
        """
        node = self.config.get("learning") or OmegaConf.load(SUPERVISED)
        learner = build(construct(node, "learning"), "learning", self.task, self.settings.train)
        if not isinstance(learner, Learner):
            name = type(learner).__name__
            raise UserError(f"learning._target_ must be a subclass of Learner, got {name!r}")
        return learner

    def build_optimizer(self, model: GraphModel) -> Optimizer:
        """Build the optimizer.

        Raises:
            UserError: torch refuses its arguments.
        """
        key = "train.optimizer"
        return build(construct(self.config.train.optimizer, key), key, model.parameters())

    def check_steps(self, model: GraphModel) -> None:
        """Raise UserError for a number of steps or a step rule that the model cannot take.

        A model with a fixed number of steps cannot be trained with another; it is tested with its
        own, whatever the step rules are.
        """
        for rule in self.steps_rules:
            check_rule(rule, self.task)
            check_can_settle(rule, model)
        own = model.num_message_passing_steps
        if model.has_adjustable_steps or own == 0:
            return
        trained = self.settings.train.num_message_passing_steps
        for step in [trained] if trained is None or isinstance(trained, int) else trained:
            if step not in (None, own):
                raise UserError(
                    f"train.num_message_passing_steps must be null or {own} for a model with a"
                    f" fixed number of steps, got {step!r}"
                )

    def check_training_graphs(self, model: GraphModel) -> None:
        """Raise UserError if a training graph is larger than the model can take."""
        for data_set in self.training_sets:
            check_num_nodes(data_set.load(), model)

    @property
    def training_sets(self) -> list[DataSet]:
        """The data sets that are read in training; a stream of instances is not stored."""
        return [self.val_set] if self.settings.data.stream else [self.train_set, self.val_set]

    @property
    def data_sets(self) -> list[DataSet]:
        """All data sets that the run needs."""
        return [*self.training_sets, *(cell.data_set for cell in self.test_cells)]

    def _home(self) -> tuple[str, Distribution[Any]]:
        """Return the name and the law of the training distribution."""
        config = self.config.train
        name, node = only(config.distribution, "train.distribution")
        distribution = construct(node, f"train.distribution.{name}", Distribution)
        if distribution.is_list:  # training, validation and test sets would share its structures
            raise UserError(f"train.distribution must not be a list of files, got {name!r}")
        if config.edge_weights:
            law_name, node = only(config.edge_weights, "train.edge_weights")
            law = law_of(node, f"train.edge_weights.{law_name}")
            distribution = changed(distribution, law, "train.edge_weights")
        return name, distribution

    def _test_cells(self) -> Iterator[TestCell]:
        """Yield the test cell of every distribution x edge weights x size."""
        config, cells = self.config.transfer, self.settings.transfer
        home_law = getattr(self.home_distribution, "edge_weights", None)
        laws: dict[str, Any] = {"": None}  # ending of a label -> the law
        if config.edge_weights:
            laws = {}
            for name, node in config.edge_weights.items():
                law = law_of(node, f"transfer.edge_weights.{name}")
                named = label("edge_weights", str(name), node)
                laws["" if law == home_law else f" ({named})"] = law
        for name, node in config.distributions.items():
            plain = construct(node, f"transfer.distributions.{name}", Distribution)
            for ending, law in laws.items():
                distribution = plain
                if law is not None:
                    distribution = changed(plain, law, "transfer.edge_weights")
                full_name = label("distribution", str(name), node) + ending
                for size in cells.sizes_of.get(str(name), cells.sizes):
                    yield self._test_cell(distribution, full_name, size)

    def _test_cell(self, distribution: Distribution[Any], name: str, size: int) -> TestCell:
        larger = size not in self.settings.train.sizes
        other = distribution != self.home_distribution
        shift = {(0, 0): "none", (1, 0): "size", (0, 1): "distribution", (1, 1): "both"}
        num_instances = self.settings.transfer.num_instances
        data_set = self._data_set(distribution, [size], "test", num_instances)
        return TestCell(data_set, name, size, shift[larger, other])

    def _data_set(
        self, distribution: Distribution[Any], sizes: Sequence[int], split: str, num_instances: int
    ) -> DataSet:
        key = "transfer.sizes" if split == "test" else "train.sizes"
        try:
            cell = Cell(self.task, distribution, tuple(sizes), split, self.settings.data_seed)
        except SizeError as error:
            raise UserError(f"{key}: {error}") from error
        except (StructureError, GenerationError) as error:
            where = "transfer.distributions" if split == "test" else "train.distribution"
            raise UserError(f"{where}: {error}") from error
        return DataSet(cell, cell.count(num_instances), self.folder)


def _spec(task: Task[Any]) -> GraphSpec:
    """Return the widths of a task; raise UserError if one of its parts is of a wrong class."""
    try:
        return task.spec
    except AttributeError as error:
        raise UserError(
            f"task must have parts of the right class, got {task!r}: {error}"
        ) from error
