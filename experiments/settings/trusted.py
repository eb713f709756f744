"""The classes that a configuration may name: this project's, and torch's optimizers.

A run folder from a stranger holds a configuration; nothing it names is run unless it is one of
them.
"""

import inspect
from importlib import import_module

from experiments.settings.errors import UserError, message
from experiments.settings.moved import current_name

TRUSTED = ("data_gen.", "gn.", "experiments.", "torch.optim.")


def trusted(target: object, key: str) -> type:
    """The class of that name, or of the name that it has now.

    Args:
        target: `package.module.Class`.
        key: where it stands in the configuration, for the error's line.

    Raises:
        UserError: it is no class of a trusted package, or an abstract one.
    """
    if not isinstance(target, str) or not target.startswith(TRUSTED):
        raise UserError(f"{key}: {target!r} is not trusted: allowed are {', '.join(TRUSTED)}*")
    module, _, name = current_name(target).rpartition(".")
    try:
        found = getattr(import_module(module), name)
    except Exception as error:  # any module can fail to import in any way
        raise UserError(f"{key}: {target!r} cannot be imported ({message(error)})") from error
    if not isinstance(found, type) or not f"{found.__module__}.".startswith(TRUSTED):
        raise UserError(f"{key}: {target!r} is not a class of {', '.join(TRUSTED)}*")
    if inspect.isabstract(found):
        raise UserError(f"{key}: {target!r} is not allowed, it is abstract")
    return found
