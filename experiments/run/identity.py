"""The identity of a run: everything its numbers depend on, in a form that outlives the code.

A class counts by its name, not by its module. A value counts only if it differs from the default
in `conf/train.yaml` or of a constructor. A class may therefore move to another module, and a
setting may be added with a default that keeps the old behaviour: earlier runs keep their identity.
The price is that a default must never change once runs are published.
"""

import dataclasses
import inspect
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from omegaconf import DictConfig, OmegaConf

from data_gen.seeding import content_hash
from experiments.settings.errors import UserError
from experiments.settings.moved import current_name, without_gone
from experiments.settings.places import CONF
from experiments.settings.trusted import trusted

TRAIN = CONF / "train.yaml"
NOT_STORED = ("tracking",)  # a tracker does not change the run
NOT_IDENTITY = ("machine", "seed", *NOT_STORED)  # hardware and folders; seed has its own column
NAMES = ("study", "label", "task_label")  # these always count, even if equal to the default
MISSING = object()


def config_hash(config: DictConfig) -> str:
    """Return the hash of `identity`, 16 hexadecimal digits."""
    return content_hash(json.dumps(identity(config), sort_keys=True))


def identity(config: DictConfig) -> dict[str, Any]:
    """Return everything that the numbers of a method depend on except the seed, as plain values.

    Args:
        config: the configuration of a run, resolved or not.
    """
    plain: Any = OmegaConf.to_container(config, resolve=True)
    kept = {k: v for k, v in without_gone(plain).items() if k not in NOT_IDENTITY}
    defaults = {key: value for key, value in _defaults().items() if key not in NAMES}
    return _differences(kept, defaults)


@cache
def _defaults() -> dict[str, Any]:
    """Return the default configuration of a supervised training."""
    plain: Any = OmegaConf.to_container(OmegaConf.load(TRAIN))
    supervised = OmegaConf.load(CONF / "learning" / "supervised.yaml")
    return {**plain, "learning": OmegaConf.to_container(supervised)}


def _differences(values: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that differ from the defaults, in canonical form."""
    found = {}
    for key, value in values.items():
        default = defaults.get(key, MISSING)
        if _is_section(value) and _is_section(default):
            inner = _differences(value, default)  # type: ignore[arg-type]
            if inner:
                found[key] = inner
        elif default is MISSING or _canonical(value) != _canonical(default):
            found[key] = _canonical(value)
    return found


def _is_section(value: object) -> bool:
    """Return whether a value is a mapping of settings and not the description of an object."""
    return isinstance(value, Mapping) and "_target_" not in value


def _canonical(value: Any) -> Any:  # noqa: ANN401
    """Return a canonical form, equal for equal values: 20 and 20.0, a tuple and a list."""
    if isinstance(value, Mapping):
        return _described(value) if "_target_" in value else _differences(value, {})
    if isinstance(value, (list, tuple)):
        return [_canonical(item) for item in value]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value) if abs(value) < 2**53 else value
    if value is None or isinstance(value, (bool, str, int, float)):
        return value
    return _of_object(value)


def _described(node: Mapping[str, Any]) -> dict[str, Any]:
    """Return the class name of a described object, and the arguments that are not defaults."""
    target = current_name(str(node["_target_"]))
    arguments = {str(k): v for k, v in node.items() if k not in ("_target_", "_partial_")}
    try:
        defaults = _defaults_of(trusted(target, "_target_"))
    except UserError:  # the class was removed: all of its arguments count
        defaults = {}
    return {"class": target.rpartition(".")[2], **_differences(arguments, defaults)}


def _of_object(made: object) -> dict[str, Any]:
    """Return the class name and non-default arguments of an object that is itself a default."""
    fields = dataclasses.fields(made) if dataclasses.is_dataclass(made) else ()
    values = {field.name: getattr(made, field.name) for field in fields}
    return {"class": type(made).__name__, **_differences(values, _defaults_of(type(made)))}


@cache
def _defaults_of(kind: type) -> dict[str, Any]:
    """Return the defaults of a constructor's arguments; none for classes of torch."""
    if kind.__module__.startswith("torch."):
        return {}
    made = {
        field.name: field.default_factory()
        for field in (dataclasses.fields(kind) if dataclasses.is_dataclass(kind) else ())
        if field.default_factory is not dataclasses.MISSING
    }
    parameters = inspect.signature(kind).parameters.values()
    plain = {p.name: p.default for p in parameters if p.default is not p.empty}
    return plain | made
