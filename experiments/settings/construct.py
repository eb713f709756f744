"""Objects from configuration: of trusted classes alone, with arguments that were looked at."""

import inspect
import math
from collections.abc import Callable
from typing import Any, get_args, get_type_hints

from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import DictConfig, ListConfig

from experiments.settings.errors import UserError, message
from experiments.settings.moved import current_names
from experiments.settings.trusted import TRUSTED, trusted

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
    node = current_names(node)
    _check_targets(node, key)
    try:
        found = instantiate(node, _convert_="all")
    except InstantiationException as error:
        raise UserError(f"{key}: {message(error.__cause__ or error)}") from error
    return _checked(found, key, kind)


def build(partial: Callable[..., Any], key: str, *args: object, **arguments: object) -> Any:  # noqa: ANN401
    """What a partial object becomes with its last arguments.

    Raises:
        UserError: its constructor refuses them, or those that it had; names the key.
    """
    try:
        return partial(*args, **arguments)
    except REFUSALS as error:
        raise UserError(f"{key}: {message(error)}") from error


def _checked(found: object, key: str, kind: type) -> object:
    """The object; raises UserError if it is of another kind."""
    if not isinstance(found, kind):
        name = type(found).__name__
        raise UserError(f"{key}._target_: a {name} is not allowed, a {kind.__name__} is")
    return found


def _check_targets(node: object, key: str) -> None:
    """Every `_target_` below `node` is trusted, and is given the arguments that it takes."""
    if isinstance(node, DictConfig):
        if "_target_" in node:
            found = trusted(node["_target_"], f"{key}._target_")
            _check_arguments(found, node, key)
        for name in node:
            _check_targets(node[name], f"{key}.{name}")
    elif isinstance(node, ListConfig):
        for index, child in enumerate(node):
            _check_targets(child, f"{key}[{index}]")


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
        if _is_ours(allowed) and not isinstance(value, DictConfig):
            raise UserError(f"{key}.{name} must be a mapping with _target_, got {value!r}")
        if value is None and not _takes_null(allowed):
            raise UserError(f"{key}.{name}: None is not allowed, a value is needed")


def _is_ours(hint: object) -> bool:
    """Whether an argument of that type is an object of this project."""
    return isinstance(hint, type) and f"{hint.__module__}.".startswith(TRUSTED)


def _takes_null(hint: object) -> bool:
    """Whether an argument of that type may be null; what is not known may."""
    return hint in (None, Any, object) or type(None) in get_args(hint)


def _is_a(value: object, kind: object) -> bool:
    """Whether a value is of a plain type; a whole number is a number, a truth value is none."""
    if kind is float:
        return type(value) in (int, float) and math.isfinite(value)  # type: ignore[arg-type]
    return type(value) is kind
