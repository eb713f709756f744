"""Build the laws that a configuration names: distributions, and changes such as edge weights."""

from typing import Any

from omegaconf import DictConfig

from data_gen.distribution import Change, Distribution, GenerationError
from experiments.settings.construct import construct
from experiments.settings.errors import UserError


def only(node: DictConfig, key: str) -> tuple[str, object]:
    """Return the only entry of a group.

    Raises:
        UserError: there is none or more than one.
    """
    if len(node) != 1:
        raise UserError(f"{key} must have exactly one entry, got {list(node)}")
    ((name, child),) = node.items()
    return str(name), child


def law_of(node: object, key: str) -> Change[Any]:
    """Build a law of edge lengths.

    Raises:
        UserError: the class or its arguments are not allowed.
    """
    return construct(node, key, Change)


def changed(distribution: Distribution[Any], law: Change[Any], key: str) -> Distribution[Any]:
    """Apply a change to all structures of a distribution.

    Raises:
        UserError: the change does not apply to these structures.
    """
    try:
        return law.applied_to(distribution)
    except GenerationError as error:
        raise UserError(f"{key}: {error}") from error
