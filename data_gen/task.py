"""Task: what an instance is, how an answer is trained and how it is judged."""

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
    """A mean [] in the loss of a batch, and over how many terms it is one."""

    mean: Tensor
    num_terms: int


class Task(ABC, Generic[T]):
    """A problem on structures T. Subclasses are frozen dataclasses: their repr names the instances.

    T is what an instance is made of: what a distribution draws, unless `posed` makes it of that.

    Arguments that change only the answer, not the instances, are fields with `repr=False`.

    The fields of an instance tell their level by their name: `edge_*` has a row for every edge,
    `u` and `graph_*` have one row, everything else has a row for every node.
    """

    structure: ClassVar[type]  # that distributions draw; T where a class says no other
    size_unit: ClassVar[str]  # what a size counts, in the plural: the label of the size axis
    generator_version: ClassVar[int] = 1  # raised when the same arguments give other instances
    cost: ClassVar[float] = 1.0  # of an instance, in those of shortest_path of the same size
    metrics: ClassVar[Mapping[str, Metric]]  # of every score and ratio, the whole instance first
    file_law: ClassVar["type[Distribution[Any]] | None"] = None  # of the structures in users' files
    file_endings: ClassVar[tuple[str, ...]] = ()  # of the files that `write` may make; (): none
    score_settings: ClassVar[tuple[str, ...]] = ()  # arguments that change nothing but the scores
    selected_by: str = "loss"  # the validation metric that chooses the checkpoint

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        set_structure(cls)

    @property
    @abstractmethod
    def spec(self) -> GraphSpec:
        """Widths of the inputs and of the answer."""

    def group_size(self, distribution: Distribution[Any]) -> int:
        """How many instances come of a group of structures that are drawn together."""
        return distribution.group_size

    def posed(self, structures: list[Any]) -> list[T]:
        """Those of a group that are posed, `group_size` of them, or none: then another is drawn."""
        return structures

    @abstractmethod
    def sample(self, structure: T, rng: np.random.Generator) -> Data:
        """One instance on the structure, with its target; edges in any order."""

    def sample_many(
        self, structures: Sequence[T], rngs: Sequence[np.random.Generator]
    ) -> list[Data]:
        """Instances of many structures; for tasks whose solver is faster on many at a time."""
        return [self.sample(*pair) for pair in zip(structures, rngs, strict=True)]

    def batch(
        self,
        packed: Packed,
        indices: Tensor | Sequence[int],
        rng: np.random.Generator | None = None,
    ) -> Batch:
        """The batch of the chosen instances, as models see it.

        Args:
            packed: a data set of the task.
            indices: [B].
            rng: in training, for what is drawn anew in every update, as the moment of a motion is;
                None: the instances as they are.
        """
        del rng
        return packed.batch(indices)

    @abstractmethod
    def loss(self, model: Model, batch: Batch) -> Tensor:
        """A differentiable scalar: the mean over the instances of the batch."""

    def loss_parts(self, model: Model, batch: Batch) -> list[LossPart]:
        """The means that the loss is the sum of; overridden where they are not over instances.

        They say what the loss of a batch is from the losses of its halves: what processes compute
        that share a batch.
        """
        return [LossPart(self.loss(model, batch), batch.num_graphs)]

    @abstractmethod
    def score(self, model: Model, batch: Batch) -> dict[str, Tensor]:
        """Scores of every instance, each [B]; the score of the whole instance comes first."""

    def val_score(self, model: Model, batch: Batch) -> dict[str, Tensor]:
        """Those scores that are watched in training: all, unless they take too long for that."""
        return self.score(model, batch)

    def relative(self, scores: dict[str, np.ndarray]) -> dict[str, Ratio]:
        """Metrics that need the scores of a whole cell: those that are declared as ratios.

        Args:
            scores: of all instances of a cell.
        """
        ratios = {name: metric.ratio for name, metric in self.metrics.items() if metric.ratio}
        return {name: Ratio(scores[of], scores[by]) for name, (of, by) in ratios.items()}

    def defined(self, batch: Batch) -> dict[str, Tensor]:
        """For a score that not every instance has, which do: its name -> [B] bool.

        Example: only a satisfiable formula has a share of satisfied clauses.
        """
        del batch
        return {}

    def write(self, structure: T, stem: Path, about: Sequence[str]) -> Path:
        """Write a structure for other programs.

        Args:
            structure: any.
            stem: the path without its ending, which is one of `file_endings`.
            about: lines that say where it is from.
        """
        raise NotImplementedError

    def facts(self, packed: Packed) -> dict[str, float]:
        """What the instances of a cell are like besides their size, for `cells.csv`."""
        del packed
        return {}

    @abstractmethod
    def solution(self, batch: Batch) -> GraphOutput:
        """The right answer: itself a model."""

    @property
    def environment(self) -> Environment[Any] | None:
        """The rules of a problem that is solved step by step; None: it is answered at once."""
        return None

    def picture(self, model: Watched, batch: Batch, **given: int) -> Picture | None:
        """Draw the one instance of a batch, with the answer of a model.

        Args:
            model: also tells its answers after each round.
            batch: of one instance.
            given: options of the picture, whole numbers.

        Returns:
            None: the task draws nothing, or nothing of such a model.

        Raises:
            PictureError: of an option that the picture does not have.
        """
        del model, batch
        options(given)
        return None

    @property
    def identity(self) -> str:
        """Names the instances: part of the hash of every data set."""
        return f"{self!r} v{self.generator_version}"


class KnowsRounds(ABC):
    """A task that also knows how many rounds its instances need."""

    @abstractmethod
    def num_rounds(self, batch: Batch) -> Tensor:
        """How many rounds of message passing each instance needs [B]."""
