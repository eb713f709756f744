"""Overrides, `key=value`, in Hydra's grammar: how a value is written and quoted."""

import shlex
from collections.abc import Mapping

from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Quote, QuotedString
from hydra.errors import HydraException


def as_override(key: str, value: object) -> str:
    """Return `key=value` as one word of a shell, to paste into a command."""
    return shlex.quote(f"{key}={as_text(value)}")


def as_text(value: object) -> str:
    """Return a plain value as Hydra reads it: null, true, 0.1, [1,2], {a:1}, a text."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, Mapping):
        return f"{{{','.join(f'{as_text(k)}:{as_text(v)}' for k, v in value.items())}}}"
    if isinstance(value, (list, tuple)):
        return f"[{','.join(map(as_text, value))}]"
    if not isinstance(value, str):
        return str(value)
    if _read(value) == value:
        return value
    return QuotedString(value, Quote.single if '"' in value else Quote.double).with_quotes()


def _read(text: str) -> object:
    """Return the value that Hydra reads, also within a list; None if it cannot read the text."""
    try:
        return OverridesParser.create().parse_override(f"x=[{text}]").value()[0]  # type: ignore[index]
    except (HydraException, IndexError):
        return None


def typed(key: str, value: object) -> str:
    """Return the text of a value as it stands in the command, such as 2024_11 for 202411."""
    lines = HydraConfig.get().overrides.task if HydraConfig.initialized() else []
    texts = [text for line in lines for name, _, text in [line.partition("=")] if name == key]
    return next((text for text in reversed(texts) if _read(text) == value), str(value))


def how_to_write(override: str, reason: str) -> str:
    """Return the message for an override that Hydra cannot read.

    Args:
        override: the override as it was given.
        reason: what Hydra says about it.
    """
    key, sign, value = override.partition("=")
    if not sign:
        return f"an override must be key=value, got {override!r}"
    if value.startswith(("[", "{")):
        return f"{key} must be a value in Hydra's grammar, got {value!r} ({reason})"
    quoted = as_override(key, value.strip("'\""))
    return f"{key} must be written {quoted}, with quotes within those of the shell, got {value!r}"
