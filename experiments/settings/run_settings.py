"""All settings of a run: every key of `conf/train.yaml` but what is chosen from groups."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from omegaconf import DictConfig, OmegaConf

from experiments.settings.errors import UserError
from experiments.settings.kinds import (
    COUNT,
    ENTRIES,
    FLAG,
    FOLDER,
    MAPPING,
    NAME,
    SEED,
    SIZES,
    SIZES_OF,
    STEP_RULES,
    one_of,
    or_auto,
)
from experiments.settings.schema import Settings, check_kind, setting, unknown_key
from experiments.settings.training import Training, Validation

GROUPS = ("task", "model", "learning", "tracking")  # chosen: each is the description of an object


@dataclass(frozen=True)
class Transfer(Settings):
    """The test cells: every distribution x edge weights x size x number of steps."""

    section: ClassVar[str] = "transfer"

    distributions: Mapping[str, Any] = setting({}, ENTRIES, "set by the task")
    edge_weights: Mapping[str, Any] = setting({}, MAPPING)
    sizes: Sequence[int] = setting([], SIZES, "set by the task")
    sizes_of: Mapping[str, Sequence[int]] = setting(
        {}, SIZES_OF,
        "of single distributions, in the place of `sizes`: '+transfer.sizes_of={grid:[25]}'",
    )  # fmt: skip
    num_instances: int = setting(200, COUNT)
    num_message_passing_steps: Sequence[int | str | None] = setting(
        [None],
        STEP_RULES,
        'each a number; "0.5x": half the size; oracle: as many as the instance needs, oracle+2: two'
        " more; adaptive@0.03: until no state moves by more than 3 % of the largest of its graph;"
        " or null: the model's own. Models of a fixed number take that.",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in self.sizes_of:
            if name not in self.distributions:
                names = ", ".join(map(str, self.distributions))
                raise UserError(f"transfer.sizes_of must have names of {names}, got {name!r}")


@dataclass(frozen=True)
class DataSource(Settings):
    """Where the training instances come from."""

    section: ClassVar[str] = "data"

    stream: bool = setting(
        False,
        FLAG,
        "true: every update has new instances, made meanwhile by machine.num_workers processes;"
        " train.num_instances is ignored, and there is no curriculum",
    )


@dataclass(frozen=True)
class Machine(Settings):
    """Where and how fast: no part of a run's identity, though devices differ in the last digits."""

    section: ClassVar[str] = "machine"

    device: str = setting("auto", one_of("auto", "cpu", "cuda"), "cpu | cuda | auto")
    num_threads: int = setting(1, COUNT)
    num_workers: int | str = setting("auto", or_auto(COUNT), "processes that generate")
    data_dir: str = setting("data", FOLDER)
    runs_dir: str = setting("outputs", FOLDER)
    save_every: int = setting(500, COUNT, "updates between two saved states")

    def check_device(self) -> None:
        """Raise UserError for a GPU where there is none: known only on the machine that trains."""
        if self.device == "cuda" and not torch.cuda.is_available():
            raise UserError("machine.device must be cpu on a machine without a GPU, got 'cuda'")


@dataclass(frozen=True)
class RunSettings(Settings):
    """All settings of a run."""

    section: ClassVar[str] = ""

    study: str = setting("default", NAME, "the folder of runs: <machine.runs_dir>/<study>/")
    label: str = setting(
        "${hydra:runtime.choices.model}", NAME, "the name of the model in tables and figures"
    )
    task_label: str = setting("${hydra:runtime.choices.task}", NAME, "and that of the task")
    seed: int = setting(0, SEED, "weights and batch order; not part of the configuration's hash")
    data_seed: int = setting(0, SEED, "instances; a study varies `seed` only")
    data: DataSource = field(default_factory=DataSource)
    train: Training = field(default_factory=Training)
    val: Validation = field(default_factory=Validation)
    transfer: Transfer = field(default_factory=Transfer)
    machine: Machine = field(default_factory=Machine)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.data.stream and self.train.curriculum.num_steps:
            steps = self.train.curriculum.num_steps
            raise UserError(f"train.curriculum.num_steps must be 0 with data.stream, got {steps}")

    @classmethod
    def of_config(cls, config: DictConfig) -> "RunSettings":
        """The settings of a configuration.

        Raises:
            UserError: for the first value that is not allowed; folders are left alone.
        """
        plain: Any = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
        allowed = {**cls.__dataclass_fields__, **dict.fromkeys(GROUPS)}
        for name in plain:
            if name not in allowed:
                raise UserError(unknown_key(str(name), allowed))
        for name in ("task", "model"):
            check_kind(name, plain.get(name), MAPPING)
        if plain["model"].get("_partial_") is not True:
            raise UserError(f"model._partial_ must be true, got {plain['model'].get('_partial_')}")
        return cls.of({name: value for name, value in plain.items() if name not in GROUPS})
