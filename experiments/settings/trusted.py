"""The classes that a configuration may name: those of this project, and torch's optimizers.

A run folder from someone else holds a configuration. A class that it names is imported and called
only if it is trusted.
"""

import inspect
from importlib import import_module
from typing import get_type_hints

from experiments.settings.errors import UserError, message, one_line
from experiments.settings.moved import current_name

TRUSTED = ("data_gen.", "gn.", "experiments.", "torch.optim.")


def trusted(target: object, key: str) -> type:
    """Return the class with a given name; old names of moved classes work too.

    Args:
        target: `package.module.Class`.
        key: the place of the name in the configuration, for error messages.

    Raises:
        UserError: the name is not that of a class in a trusted package, the class is abstract, or
            its module finds no place for a file that it needs.
    """
    packages = ", ".join(package.rstrip(".") for package in TRUSTED)
    allowed = f"{key} must be a class of {packages}, got {target!r}"
    if not isinstance(target, str) or not target.startswith(TRUSTED):
        raise UserError(f"{allowed} (not trusted)")
    module, _, name = current_name(target).rpartition(".")
    try:
        found = getattr(import_module(module), name)
    except OSError as error:  # of the disk: the name is right
        raise UserError(one_line(error)) from error
    except Exception as error:  # an import can raise any exception
        raise UserError(f"{allowed}, which cannot be imported ({message(error)})") from error
    if not isinstance(found, type) or not f"{found.__module__}.".startswith(TRUSTED):
        raise UserError(f"{allowed}, which is not a class of these packages")
    try:
        inspect.signature(found)
        get_type_hints(found.__init__)
    except (ValueError, NameError) as error:
        raise UserError(f"{allowed}, whose arguments are not known") from error
    if inspect.isabstract(found):
        raise UserError(f"{key} must be a class that is not abstract, got {target!r}")
    return found
