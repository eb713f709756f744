"""All settings of a run: every key of `conf/train.yaml` except the groups."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from omegaconf import DictConfig, OmegaConf

from experiments.settings.errors import UserError, did_you_mean
from experiments.settings.kinds import (
    COUNT,
    DEVICE,
    ENTRIES,
    FLAG,
    FOLDER,
    MAPPING,
    NAME,
    SEED,
    SIZES,
    SIZES_OF,
    STEP_RULES,
    or_auto,
)
from experiments.settings.schema import Settings, check_kind, setting, unknown_key
from experiments.settings.training import Training, Validation

GROUPS = ("task", "model", "learning", "tracking")  # each describes an object


@dataclass(frozen=True)
class Transfer(Settings):
    """The test cells: every distribution x edge weights x size x number of steps."""

    section: ClassVar[str] = "transfer"

    distributions: Mapping[str, Any] = setting({}, ENTRIES, "set by the task")
    edge_weights: Mapping[str, Any] = setting({}, MAPPING)
    sizes: Sequence[int] = setting([], SIZES, "set by the task")
    sizes_of: Mapping[str, Sequence[int]] = setting(
        {}, SIZES_OF,
        "sizes of single distributions, instead of `sizes`: '+transfer.sizes_of={grid:[25]}'",
    )  # fmt: skip
    num_instances: int = setting(200, COUNT)
    num_message_passing_steps: Sequence[int | str | None] = setting(
        [None],
        STEP_RULES,
        'step rules: a number; "0.5x": half the size; oracle: as many as the instance needs,'
        " oracle+2: two more; adaptive@0.03: until no state changes by more than 3 % of the"
        " largest state of its graph; null: the model's own number. A model with a fixed number of"
        " steps always takes its own.",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in self.sizes_of:
            if name not in self.distributions:
                names = ", ".join(map(str, self.distributions))
                hint = did_you_mean(name, self.distributions)
                raise UserError(f"transfer.sizes_of must have names of {names}, got {name!r}{hint}")


@dataclass(frozen=True)
class DataSource(Settings):
    """The source of the training instances."""

    section: ClassVar[str] = "data"

    stream: bool = setting(
        False,
        FLAG,
        "true: every update has new instances, generated in the background by machine.num_workers"
        " processes; train.num_instances is ignored, and there is no curriculum",
    )


@dataclass(frozen=True)
class Machine(Settings):
    """Hardware and folders: not part of a run's identity, though devices round differently."""

    section: ClassVar[str] = "machine"

    device: str = setting("auto", DEVICE, "cpu | cuda | cuda:1, the second GPU | auto")
    num_threads: int = setting(1, COUNT, "another number adds in another order, and rounds so")
    num_workers: int | str = setting("auto", or_auto(COUNT), "processes that generate instances")
    data_dir: str = setting("data", FOLDER)
    runs_dir: str = setting("outputs", FOLDER)
    save_every: int = setting(500, COUNT, "updates between two saved states")

    def check_device(self) -> None:
        """Raise UserError if a GPU is asked for that this machine does not have."""
        kind, _, index = self.device.partition(":")
        if kind != "cuda":
            return
        if not torch.cuda.is_available():
            raise UserError(
                f"machine.device must be cpu on a machine without a GPU, got {self.device!r}"
            )
        last = torch.cuda.device_count() - 1
        if int(index or 0) > last:
            allowed = f"cuda:0 to cuda:{last}" if last else "cuda"
            number = f"{last + 1} GPU{'s' if last else ''}"
            raise UserError(
                f"machine.device must be {allowed} where {number} can be seen, got {self.device!r}"
            )


@dataclass(frozen=True)
class RunSettings(Settings):
    """All settings of a run."""

    section: ClassVar[str] = ""

    study: str = setting("default", NAME, "runs are written to <machine.runs_dir>/<study>/")
    label: str = setting(
        "${hydra:runtime.choices.model}", NAME, "the name of the model in tables and figures"
    )
    task_label: str = setting("${hydra:runtime.choices.task}", NAME, "the name of the task in them")
    seed: int = setting(0, SEED, "of weights and batch order; not part of the configuration's hash")
    data_seed: int = setting(0, SEED, "of the instances; a study varies `seed` only")
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
        """Return the settings of a configuration.

        Raises:
            UserError: for the first value that is not allowed; folders are not checked.
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
