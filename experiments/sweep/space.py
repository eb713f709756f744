"""What a search may vary, and how a trial draws it."""

from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, ListConfig, OmegaConf

from experiments.settings.errors import UserError
from experiments.settings.predicates import is_number

if TYPE_CHECKING:
    from optuna import Trial

FORMS = "a list of values or a range such as {low: 1e-4, high: 1e-2, log: true} is"
FIXED = ("train.sizes", "train.distribution", "train.edge_weights", "train.num_instances")


def check_space(space: DictConfig, training: DictConfig) -> None:
    """Raise UserError for a key that may not vary, or what is neither a range nor a list.

    What may vary belongs to the model or to its training, and leaves the validation set as it is.
    """
    if not isinstance(space, DictConfig) or not space:
        raise UserError(f"space: {space!r} is not allowed, keys are, and for each {FORMS}")
    for key, values in space.items():
        name = str(key)
        is_there = OmegaConf.select(training, name, default=training) is not training
        if not is_there or not name.startswith(("model.", "train.")) or name.startswith(FIXED):
            raise UserError(
                f"space: {name!r} is not allowed, keys of model and train are but for"
                f" {', '.join(FIXED)}"
            )
        if not _is_list(values) and not _is_range(values):
            raise UserError(f"space.{name}: {values!r} is not allowed, {FORMS}")


def suggested(trial: "Trial", space: DictConfig) -> dict[str, object]:
    """The value of every key in a trial; whole numbers between whole bounds."""
    return {str(key): _value(trial, str(key), values) for key, values in space.items()}


def _value(trial: "Trial", key: str, values: DictConfig | ListConfig) -> object:
    if isinstance(values, ListConfig):
        choices: Any = OmegaConf.to_container(values)
        return trial.suggest_categorical(key, choices)
    low, high, log = values.low, values.high, values.get("log", False)
    if isinstance(low, int) and isinstance(high, int):
        return trial.suggest_int(key, low, high, log=log)
    return rounded(trial.suggest_float(key, low, high, log=log))


def rounded(value: float) -> float:
    """A number from a range as it is trained with: of three digits, for a label names it."""
    return float(f"{value:.3g}")


def _is_list(values: object) -> bool:
    return isinstance(values, ListConfig) and len(values) > 0


def _is_range(values: object) -> bool:
    if not isinstance(values, DictConfig) or not {"low", "high"} <= set(values) <= {
        "low", "high", "log",
    }:  # fmt: skip
        return False
    numbers = is_number(values.low) and is_number(values.high) and values.low < values.high
    is_log = values.get("log", False)
    return numbers and isinstance(is_log, bool) and (not is_log or values.low > 0)
