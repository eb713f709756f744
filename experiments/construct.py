"""Objects from configuration, built only from this project's classes and torch's optimizers.

A run folder from a stranger holds a configuration; nothing it names is run unless it is a class
of ours (or of `torch.optim`).
"""

from typing import Any

from hydra.errors import InstantiationException
from hydra.utils import get_object, instantiate
from omegaconf import DictConfig, ListConfig

from experiments.errors import UserError

TRUSTED = ("data_gen.", "gn.", "experiments.", "torch.optim.")


def construct(node: DictConfig, key: str) -> Any:  # noqa: ANN401  (whatever `_target_` makes)
    """The object that a configuration describes.

    Args:
        node: has a `_target_`, with arguments beside it.
        key: where it stands in the configuration, for the error's line.

    Raises:
        UserError: an untrusted target, or arguments that its constructor refuses.
    """
    _check_targets(node, key)
    try:
        return instantiate(node, _convert_="all")
    except InstantiationException as error:
        cause = error.__cause__ or error
        raise UserError(f"{key}: {' '.join(str(cause).split())}") from error


def _check_targets(node: object, key: str) -> None:
    """Every `_target_` below `node` is a class defined in a trusted package."""
    if isinstance(node, DictConfig):
        if "_target_" in node:
            _check_target(node["_target_"], f"{key}._target_")
        for name in node:
            _check_targets(node[name], f"{key}.{name}")
    elif isinstance(node, ListConfig):
        for index, child in enumerate(node):
            _check_targets(child, f"{key}[{index}]")


def _check_target(target: object, key: str) -> None:
    if not isinstance(target, str) or not target.startswith(TRUSTED):
        raise UserError(f"{key}: {target!r} is not trusted: allowed are {', '.join(TRUSTED)}*")
    try:
        found = get_object(target)
    except Exception as error:  # any module can fail to import in any way
        raise UserError(f"{key}: {target!r} cannot be imported ({error})") from error
    if not isinstance(found, type) or not f"{found.__module__}.".startswith(TRUSTED):
        raise UserError(f"{key}: {target!r} is not a class of {', '.join(TRUSTED)}*")
