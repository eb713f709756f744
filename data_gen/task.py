"""Task: what an instance is, how a model is trained on it and how its answer is scored."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

import numpy as np
from torch import Tensor
from torch_geometric.data import Batch, Data

from data_gen.distribution import Distribution, set_structure
from data_gen.environment import Environment
from data_gen.metric import Metric, Ratio
from data_gen.packed import Packed
from data_gen.picture import Picture, Watched, options
from data_gen.spec import GraphOutput, GraphSpec

T = TypeVar("T")
Model = Callable[[Batch], GraphOutput]


class LossPart(NamedTuple):
    """A mean [] that is part of the loss of a batch, and the number of terms it averages."""

    mean: Tensor
    num_terms: int


class Task(ABC, Generic[T]):
    """A problem on structures T. Subclasses are frozen dataclasses: their repr names the instances.

    T is the kind of structure an instance is made of. A distribution draws it, unless `posed`
    makes it from what the distribution draws.

    Arguments that change only the answer, not the instances, are fields with `repr=False`.

    The name of an instance's field tells its level: `edge_*` has a row for every edge, `u` and
    `graph_*` have one row, and every other field has a row for every node.
    """

    structure: ClassVar[type]  # the kind that distributions draw; T unless a class sets another
    size_unit: ClassVar[str]  # what a size counts, in the plural: the label of the size axis
    generator_version: ClassVar[int] = 1  # raised when the same arguments give other instances
    cost: ClassVar[float] = 1.0  # of generating an instance, relative to shortest_path
    metrics: ClassVar[Mapping[str, Metric]]  # of every score and ratio, the whole instance first
    file_law: ClassVar["type[Distribution[Any]] | None"] = None  # draws structures from files
    file_endings: ClassVar[tuple[str, ...]] = ()  # of the files that `write` writes; (): no files
    score_settings: ClassVar[tuple[str, ...]] = ()  # the arguments that change only the scores
    selected_by: str = "loss"  # the validation metric that chooses the checkpoint

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        set_structure(cls)

    @property
    @abstractmethod
    def spec(self) -> GraphSpec:
        """The widths of the inputs and of the answer."""

    @property
    def file_settings(self) -> Mapping[str, object]:
        """The arguments of `file_law` that this task determines."""
        return {}

    def group_size(self, distribution: Distribution[Any]) -> int:
        """Return the number of instances that a group of structures becomes."""
        return distribution.group_size

    def posed(self, structures: list[Any]) -> list[T]:
        """Return the `group_size` structures of a group that become instances; [] rejects it."""
        return structures

    @abstractmethod
    def sample(self, structure: T, rng: np.random.Generator) -> Data:
        """Return one instance on the structure, with its target; edges in any order."""

    def sample_many(
        self, structures: Sequence[T], rngs: Sequence[np.random.Generator]
    ) -> list[Data]:
        """Return instances of many structures; overridden if a solver is faster on many at once."""
        return [self.sample(*pair) for pair in zip(structures, rngs, strict=True)]

    def batch(
        self,
        packed: Packed,
        indices: Tensor | Sequence[int],
        rng: np.random.Generator | None = None,
    ) -> Batch:
        """Return the batch of the chosen instances, as models see it.

        Args:
            packed: a data set of the task.
            indices: the indices of the instances [B].
            rng: given in training, for what is drawn anew in every update, such as the moment of a
                motion; None: the instances as they are.
        """
        del rng
        return packed.batch(indices)

    @abstractmethod
    def loss(self, model: Model, batch: Batch) -> Tensor:
        """Return the loss, a differentiable scalar: the mean over the instances of the batch."""

    def loss_parts(self, model: Model, batch: Batch) -> list[LossPart]:
        """Return the means whose sum is the loss; overridden if they are not over instances.

        Processes that share a batch need the parts to combine the losses of their shares.
        """
        return [LossPart(self.loss(model, batch), batch.num_graphs)]

    @abstractmethod
    def score(self, model: Model, batch: Batch) -> dict[str, Tensor]:
        """Return the scores of every instance, each [B]; the whole instance's score comes first."""

    def val_score(self, model: Model, batch: Batch) -> dict[str, Tensor]:
        """Return the scores that validation computes: all, unless some take too long."""
        return self.score(model, batch)

    def relative(self, scores: dict[str, np.ndarray]) -> dict[str, Ratio]:
        """Return the metrics that need the scores of a whole cell: those declared as ratios.

        Args:
            scores: each score of all instances of a cell, by its name.
        """
        ratios = {name: metric.ratio for name, metric in self.metrics.items() if metric.ratio}
        return {name: Ratio(scores[of], scores[by]) for name, (of, by) in ratios.items()}

    def defined(self, batch: Batch) -> dict[str, Tensor]:
        """Return, for each score that only some instances have, which do: name -> [B] bool.

        Example: only a satisfiable formula has a share of satisfied clauses.
        """
        del batch
        return {}

    def write(self, structure: T, stem: Path, about: Sequence[str]) -> Path:
        """Write a structure to a file for other programs, and return the file's path.

        Args:
            structure: the structure to write.
            stem: the path without its ending, which is one of `file_endings`.
            about: lines that describe where the structure is from.
        """
        raise NotImplementedError

    def facts(self, packed: Packed) -> dict[str, float]:
        """Return means that describe a cell's instances besides their size, for `cells.csv`."""
        del packed
        return {}

    @abstractmethod
    def solution(self, batch: Batch) -> GraphOutput:
        """Return the right answer; as a function of a batch this method is itself a model."""

    @property
    def environment(self) -> Environment[Any] | None:
        """The rules of a task that is solved step by step; None if it is answered at once."""
        return None

    def picture(self, model: Watched, batch: Batch, **given: int) -> Picture | None:
        """Draw the only instance of a batch, with the answer of a model.

        Args:
            model: a model that also returns its answers after each round.
            batch: a batch of one instance.
            given: options of the picture, whole numbers.

        Returns:
            The picture; None if the task draws none, or none of such a model.

        Raises:
            PictureError: an option that the picture does not have, or a value not allowed.
        """
        del model, batch
        options(given)
        return None

    @property
    def identity(self) -> str:
        """The text that names the instances; part of the hash of every data set."""
        return f"{self!r} v{self.generator_version}"


class KnowsRounds(ABC):
    """A task that also knows how many rounds of message passing its instances need."""

    @abstractmethod
    def num_rounds(self, batch: Batch) -> Tensor:
        """Return the number of rounds that each instance needs [B]."""
