"""The identity of a run: what its numbers depend on, in words that outlive the code.

A class counts by its name, not by its module. A value counts where it differs from the default of
`conf/train.yaml` or of a constructor. So a class may move to another module, and a setting may be
added with the value that leaves everything as it was: runs of before keep their identity. The
price: once runs are published, a default never changes its value.
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
NOT_STORED = ("tracking",)  # who looks on: two starts that differ in it are the same run
NOT_IDENTITY = ("machine", "seed", *NOT_STORED)  # where, how fast; and what has its own column
NAMES = ("study", "label", "task_label")  # of the run: they have no default
MISSING = object()


def config_hash(config: DictConfig) -> str:
    """The hash of `identity`, 16 hexadecimal digits."""
    return content_hash(json.dumps(identity(config), sort_keys=True))


def identity(config: DictConfig) -> dict[str, Any]:
    """All that the numbers of a method depend on but the seed, as plain values.

    Args:
        config: the configuration of a run, resolved or not.
    """
    plain: Any = OmegaConf.to_container(config, resolve=True)
    kept = {k: v for k, v in without_gone(plain).items() if k not in NOT_IDENTITY}
    defaults = {key: value for key, value in _defaults().items() if key not in NAMES}
    return _differences(kept, defaults)


@cache
def _defaults() -> dict[str, Any]:
    """Those of a training, whose way of learning is supervised."""
    plain: Any = OmegaConf.to_container(OmegaConf.load(TRAIN))
    supervised = OmegaConf.load(CONF / "learning" / "supervised.yaml")
    return {**plain, "learning": OmegaConf.to_container(supervised)}


def _differences(values: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The values that are not the defaults, each in its canonical form."""
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
    """Whether it is a mapping of settings, not the description of an object."""
    return isinstance(value, Mapping) and "_target_" not in value


def _canonical(value: Any) -> Any:  # noqa: ANN401
    """A value such that equal ones look equal: 20 and 20.0, a tuple and a list."""
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
    """The class of an object by its name, and the arguments that are not its defaults."""
    target = current_name(str(node["_target_"]))
    arguments = {str(k): v for k, v in node.items() if k not in ("_target_", "_partial_")}
    try:
        defaults = _defaults_of(trusted(target, "_target_"))
    except UserError:  # a class that is no more: all of its arguments count
        defaults = {}
    return {"class": target.rpartition(".")[2], **_differences(arguments, defaults)}


def _of_object(made: object) -> dict[str, Any]:
    """The same for an object that is a default itself."""
    fields = dataclasses.fields(made) if dataclasses.is_dataclass(made) else ()
    values = {field.name: getattr(made, field.name) for field in fields}
    return {"class": type(made).__name__, **_differences(values, _defaults_of(type(made)))}


@cache
def _defaults_of(kind: type) -> dict[str, Any]:
    """The arguments of a constructor that have one. Those of torch's classes are not ours."""
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
