"""The settings of training and validation."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from experiments.settings.errors import UserError
from experiments.settings.kinds import (
    COUNT,
    COUNT_OR_0,
    FLAG,
    MAPPING,
    MAX_UPDATES,
    OPTIMIZER,
    SIZES,
    TRAIN_STEPS,
    UPDATES,
    number,
    one_of,
    or_null,
)
from experiments.settings.schema import Settings, setting


@dataclass(frozen=True)
class Schedule(Settings):
    """The schedule of the learning rate."""

    section: ClassVar[str] = "train.schedule"

    shape: str = setting("cosine", one_of("constant", "cosine"), "constant | cosine: decays to 0")
    warmup_steps: int = setting(100, COUNT_OR_0, "updates of linear warm-up")


@dataclass(frozen=True)
class Curriculum(Settings):
    """Begin with the instances of the fewest nodes and add larger ones."""

    section: ClassVar[str] = "train.curriculum"

    num_steps: int = setting(
        0, COUNT_OR_0, "updates in which the share of instances in use grows to all; 0: none"
    )
    start: float = setting(
        0.25,
        number("a number above 0 and at most 1", 0, 1, with_low=False, with_high=True),
        "the share at the first update",
    )


@dataclass(frozen=True)
class Training(Settings):
    """The training set, and how the weights are updated."""

    section: ClassVar[str] = "train"

    distribution: Mapping[str, Any] = setting({}, MAPPING, "set by the task")
    edge_weights: Mapping[str, Any] = setting(
        {}, MAPPING, "distribution of the edge lengths, for tasks that have them"
    )
    sizes: Sequence[int] = setting([], SIZES, "set by the task")
    num_instances: int = setting(8000, COUNT)
    batch_size: int = setting(
        32, COUNT, "instances; rounded down to whole groups where a task draws groups, as pairs"
    )
    curriculum: Curriculum = field(default_factory=Curriculum)
    num_steps: int = setting(10000, UPDATES, "updates of the weights")
    budget: float = setting(
        1,
        number("a number above 0", 0, with_low=False, with_high=False),
        "factor of num_steps: 4 trains every arm of a study four times as long",
    )
    skip: bool = setting(False, FLAG, "true: keep the initial weights")
    num_message_passing_steps: int | Sequence[int] | None = setting(
        None,
        TRAIN_STEPS,
        "a number, or [low, high] to draw one for each batch; null: the model's own",
    )
    loss_on_last_steps: int | None = setting(
        None,
        or_null(COUNT),
        "k: the loss is the mean over the answers after the last k steps; null: after all steps",
    )
    gradient_of_last_steps: int | None = setting(
        None,
        or_null(COUNT),
        "k: the gradient flows through the last k steps only; null: through all steps",
    )
    optimizer: Mapping[str, Any] = setting(
        {"_partial_": True, "_target_": "torch.optim.Adam", "lr": 1e-3}, OPTIMIZER
    )
    schedule: Schedule = field(default_factory=Schedule)
    max_grad_norm: float = setting(
        5.0, number("a number above 0", 0, with_low=False, with_high=False)
    )
    ema_decay: float = setting(
        0.0,
        number("a number of at least 0 and below 1", 0, 1, with_low=True, with_high=False),
        "of an exponential moving average of the weights, which is validated and kept; 0: none",
    )
    precision: str = setting("float32", one_of("float32", "bfloat16"), "bfloat16: autocast")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.budget > MAX_UPDATES / self.num_steps:
            most = MAX_UPDATES / self.num_steps
            raise UserError(
                f"train.budget must be at most {most:g}, for 10**12 updates, got {self.budget!r}"
            )

    @property
    def num_updates(self) -> int:
        """The number of updates: num_steps times the budget."""
        return max(1, round(self.budget * self.num_steps))

    def rate(self, step: int) -> float:
        """Return the factor of the optimizer's learning rate at an update: warm-up x schedule."""
        factor = min(1.0, (step + 1) / max(1, self.schedule.warmup_steps))
        if self.schedule.shape == "cosine":
            factor *= 0.5 * (1 + math.cos(math.pi * step / self.num_updates))
        return factor


@dataclass(frozen=True)
class Validation(Settings):
    """The validation set, drawn like the training set; it selects the checkpoint."""

    section: ClassVar[str] = "val"

    num_instances: int = setting(500, COUNT)
    every: int = setting(500, COUNT, "updates between two validations")
