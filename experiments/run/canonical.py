"""One form of a state, so that equal states are equal bytes: a pickle also says what is shared."""

import sys
from collections import OrderedDict
from typing import Any


def canonical(value: Any) -> Any:  # noqa: ANN401
    """Return a copy of nested mappings and lists, in which equal texts are the same object.

    Texts that were read from a file are objects of their own; those of a running training are
    shared. Tensors and all other values stay as they are.
    """
    if isinstance(value, str):
        return sys.intern(str(value))
    if isinstance(value, dict):
        parts = [(canonical(key), canonical(part)) for key, part in value.items()]
        made = OrderedDict(parts) if isinstance(value, OrderedDict) else dict(parts)
        if hasattr(value, "_metadata"):  # versions of the modules, in a state_dict
            made._metadata = canonical(value._metadata)  # type: ignore[attr-defined]
        return made
    if isinstance(value, (list, tuple)):
        return type(value)(map(canonical, value))
    return value
