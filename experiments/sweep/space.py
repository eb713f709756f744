"""The search space: the settings that a search varies, and how a trial draws them."""

from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, ListConfig, OmegaConf

from experiments.settings.errors import UserError
from experiments.settings.predicates import is_number

if TYPE_CHECKING:
    from optuna import Trial

FORMS = "a list of values or a range such as {low: 1e-4, high: 1e-2, log: true}"
FIXED = ("train.sizes", "train.distribution", "train.edge_weights", "train.num_instances")


def check_space(space: DictConfig, training: DictConfig) -> None:
    """Raise UserError for a key that may not vary, or values that are neither a range nor a list.

    Only keys of the model and its training that leave the validation set unchanged may vary.
    """
    if not isinstance(space, DictConfig) or not space:
        raise UserError(f"space must be a mapping of keys, each to {FORMS}, got {space!r}")
    for key, values in space.items():
        name = str(key)
        is_there = OmegaConf.select(training, name, default=training) is not training
        if not is_there or not name.startswith(("model.", "train.")) or name.startswith(FIXED):
            raise UserError(
                f"space must have keys of model and train other than {', '.join(FIXED)},"
                f" got {name!r}"
            )
        if not _is_list(values) and not _is_range(values):
            raise UserError(f"space.{name} must be {FORMS}, got {values!r}")


def suggested(trial: "Trial", space: DictConfig) -> dict[str, object]:
    """Draw the value of every key for a trial; ranges with whole bounds give whole numbers."""
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
    """Round a number drawn from a range to three digits, since labels contain it."""
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
