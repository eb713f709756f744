"""Build objects from configuration: trusted classes only, with checked arguments."""

import inspect
from collections.abc import Callable
from typing import Any, get_args, get_type_hints

from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import DictConfig, ListConfig

from experiments.settings.errors import UserError, did_you_mean, message
from experiments.settings.moved import current_names
from experiments.settings.predicates import is_number
from experiments.settings.schema import as_a_text
from experiments.settings.trusted import TRUSTED, trusted

REFUSALS = (
    ValueError,
    TypeError,
    LookupError,
    RuntimeError,
    MemoryError,
)  # raised by a constructor
WORDS: dict[object, str] = {  # complete "model.hidden_dim must be ..."
    bool: "true or false", int: "a whole number", float: "a number", str: "a text",
}  # fmt: skip


def construct(node: object, key: str, kind: type = object) -> Any:  # noqa: ANN401
    """Build the object that a configuration node describes.

    Args:
        node: a mapping with a `_target_` and the constructor's arguments.
        key: the place of the node in the configuration, for error messages.
        kind: the class that the object must be an instance of.

    Returns:
        The instance, or a partial object where the node has `_partial_: true`.

    Raises:
        UserError: an untrusted target, or arguments that its constructor refuses.
    """
    if not isinstance(node, DictConfig) or "_target_" not in node:
        raise UserError(f"{key} must be a mapping with _target_, got {node!r}")
    node = current_names(node)
    _check_targets(node, key)
    try:
        found = instantiate(node, _convert_="all")
    except InstantiationException as error:
        raise UserError(f"{key}: {message(error.__cause__ or error)}") from error
    return _checked(found, key, kind)


def build(partial: Callable[..., Any], key: str, *args: object, **arguments: object) -> Any:  # noqa: ANN401
    """Complete a partial object with its last arguments.

    Raises:
        UserError: the constructor refuses an argument; the message names the key.
    """
    try:
        return partial(*args, **arguments)
    except REFUSALS as error:
        raise UserError(f"{key}: {message(error)}") from error


def _checked(found: object, key: str, kind: type) -> object:
    """Return the object; raise UserError if it is not an instance of `kind`."""
    if not isinstance(found, kind):
        name = type(found).__name__
        raise UserError(f"{key}._target_ must be a subclass of {kind.__name__}, got {name!r}")
    return found


def _check_targets(node: object, key: str) -> None:
    """Raise UserError for an untrusted `_target_` in `node`, or one with wrong arguments."""
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
    """Raise UserError for an argument of an unknown name or, for plain types, of a wrong type."""
    names = list(inspect.signature(target).parameters)
    hints = get_type_hints(target.__init__)
    for name, value in node.items():
        if str(name) in ("_target_", "_partial_"):
            continue
        if name not in names:
            raise UserError(
                f"{key} must have only arguments of {target.__name__} ({', '.join(names)}),"
                f" got {name}={value!r}{did_you_mean(name, names)}"
            )
        allowed = hints.get(str(name))
        if allowed in WORDS and not _is_a(value, allowed):
            hint = as_a_text(f"{key}.{name}", value, lambda _: True) if allowed is str else ""
            raise UserError(f"{key}.{name} must be {WORDS[allowed]}, got {value!r}{hint}")
        if _is_ours(allowed) and not isinstance(value, DictConfig):
            raise UserError(f"{key}.{name} must be a mapping with _target_, got {value!r}")
        if value is None and not _takes_null(allowed):
            raise UserError(f"{key}.{name} must not be null, got None")


def _is_ours(hint: object) -> bool:
    """Return whether an argument of that type is an object of this project."""
    return isinstance(hint, type) and f"{hint.__module__}.".startswith(TRUSTED)


def _takes_null(hint: object) -> bool:
    """Return whether an argument of that type may be null; an unknown type may."""
    return hint in (None, Any, object) or type(None) in get_args(hint)


def _is_a(value: object, kind: object) -> bool:
    """Return whether a value is of a plain type: an int counts as a float, a bool does not."""
    if kind is float:
        return is_number(value)
    return type(value) is kind
