"""Objects from configuration, built only from this project's classes and torch's optimizers.

A run folder from a stranger holds a configuration; nothing it names is run unless it is a class
of ours (or of `torch.optim`).
"""

import inspect
import math
from collections.abc import Callable
from importlib import import_module
from typing import Any, get_args, get_type_hints

from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import DictConfig, ListConfig

from experiments.errors import UserError

TRUSTED = ("data_gen.", "gn.", "experiments.", "torch.optim.")
REFUSALS = (ValueError, TypeError, RuntimeError, MemoryError)  # of a constructor
WORDS: dict[object, str] = {
    bool: "true and false are", int: "a whole number is", float: "a number is", str: "a text is",
}  # fmt: skip


def construct(node: object, key: str, kind: type = object) -> Any:  # noqa: ANN401
    """The object that a configuration describes, whatever its `_target_` makes.

    Args:
        node: has a `_target_`, with arguments beside it.
        key: where it stands in the configuration, for the error's line.
        kind: what the object has to be.

    Raises:
        UserError: an untrusted target, or arguments that its constructor refuses.
    """
    if not isinstance(node, DictConfig) or "_target_" not in node:
        raise UserError(f"{key}: {node!r} is not allowed, a mapping with _target_ is")
    _check_targets(node, key)
    try:
        found = instantiate(node, _convert_="all")
    except InstantiationException as error:
        raise UserError(f"{key}: {_one_line(error.__cause__ or error)}") from error
    return _checked(found, key, kind)


def build(partial: Callable[..., Any], key: str, *args: object, **arguments: object) -> Any:  # noqa: ANN401
    """What a partial object becomes with its last arguments.

    Raises:
        UserError: its constructor refuses them, or those that it had; names the key.
    """
    try:
        return partial(*args, **arguments)
    except REFUSALS as error:
        raise UserError(f"{key}: {_one_line(error)}") from error


def _checked(found: object, key: str, kind: type) -> object:
    """The object; raises UserError if it is of another kind."""
    if not isinstance(found, kind):
        name = type(found).__name__
        raise UserError(f"{key}._target_: a {name} is not allowed, a {kind.__name__} is")
    return found


def _check_targets(node: object, key: str) -> None:
    """Every `_target_` below `node` is a class defined in a trusted package."""
    if isinstance(node, DictConfig):
        if "_target_" in node:
            found = _trusted(node["_target_"], f"{key}._target_")
            _check_arguments(found, node, key)
        for name in node:
            _check_targets(node[name], f"{key}.{name}")
    elif isinstance(node, ListConfig):
        for index, child in enumerate(node):
            _check_targets(child, f"{key}[{index}]")


def _trusted(target: object, key: str) -> type:
    """The class of that name."""
    if not isinstance(target, str) or not target.startswith(TRUSTED):
        raise UserError(f"{key}: {target!r} is not trusted: allowed are {', '.join(TRUSTED)}*")
    module, _, name = target.rpartition(".")
    try:
        found = getattr(import_module(module), name)
    except Exception as error:  # any module can fail to import in any way
        raise UserError(f"{key}: {target!r} cannot be imported ({_one_line(error)})") from error
    if not isinstance(found, type) or not f"{found.__module__}.".startswith(TRUSTED):
        raise UserError(f"{key}: {target!r} is not a class of {', '.join(TRUSTED)}*")
    if inspect.isabstract(found):
        raise UserError(f"{key}: {target!r} is not allowed, it is abstract")
    return found


def _check_arguments(target: type, node: DictConfig, key: str) -> None:
    """The arguments are those of the constructor, and of its types where these are plain."""
    names = list(inspect.signature(target).parameters)
    hints = get_type_hints(target.__init__)
    for name, value in node.items():
        if str(name) in ("_target_", "_partial_"):
            continue
        if name not in names:
            allowed = f"arguments are those of its constructor: {', '.join(names)}"
            raise UserError(f"{key}.{name}: {value!r} is not allowed, {allowed}")
        allowed = hints.get(str(name))
        if allowed in WORDS and not _is_a(value, allowed):
            raise UserError(f"{key}.{name}: {value!r} is not allowed, {WORDS[allowed]}")
        if value is None and not _takes_null(allowed):
            raise UserError(f"{key}.{name}: None is not allowed, a value is needed")


def _takes_null(hint: object) -> bool:
    """Whether an argument of that type may be null; what is not known may."""
    return hint in (None, Any, object) or type(None) in get_args(hint)


def _is_a(value: object, kind: object) -> bool:
    """Whether a value is of a plain type; a whole number is a number, a truth value is none."""
    if kind is float:
        return type(value) in (int, float) and math.isfinite(value)  # type: ignore[arg-type]
    return type(value) is kind


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
