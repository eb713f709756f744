"""The laws that a configuration names: of structures, and of what is changed in them."""

from typing import Any

from omegaconf import DictConfig

from data_gen.distribution import Change, Distribution, GenerationError
from experiments.settings.construct import construct
from experiments.settings.errors import UserError


def only(node: DictConfig, key: str) -> tuple[str, object]:
    """The one entry of a group."""
    if len(node) != 1:
        raise UserError(f"{key}: {list(node)} is not allowed, exactly one is needed")
    ((name, child),) = node.items()
    return str(name), child


def law_of(node: object, key: str) -> Change[Any]:
    """A law of edge lengths."""
    return construct(node, key, Change)


def changed(distribution: Distribution[Any], law: Change[Any], key: str) -> Distribution[Any]:
    """The law of changed structures; raises UserError if it is none of these structures."""
    try:
        return law.applied_to(distribution)
    except GenerationError as error:
        raise UserError(f"{key}: {error}") from error
