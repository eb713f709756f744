"""Declare each setting once: its name, default, allowed values and meaning.

A section of a configuration is a frozen dataclass of settings. Its constructor is the schema and
refuses values that are not allowed; `python -m docs.pages.settings` writes `conf/train.yaml` from
its fields.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple, Self, get_type_hints

from omegaconf import OmegaConf

from experiments.settings.errors import UserError, did_you_mean
from experiments.settings.overrides import as_override, typed
from experiments.settings.predicates import Test


class Kind(NamedTuple):
    """The values that a setting may have."""

    allows: Test
    words: str  # completes "train.batch_size must be ..."
    wrong: tuple[object, ...] = ()  # values that are refused: tests try each of them
    names: tuple[str, ...] = ()  # the allowed names where there is a list, for "did you mean"


def setting(default: Any, kind: Kind, about: str = "") -> Any:  # noqa: ANN401
    """Declare a field of a section.

    Args:
        default: the value where a configuration has none.
        kind: the allowed values.
        about: the meaning, for the comment in the yaml.
    """
    metadata = {"kind": kind, "about": about}
    if isinstance(default, (list, dict)):
        return dataclasses.field(default_factory=lambda: type(default)(default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


class Settings:
    """A section of a configuration. Subclasses are frozen dataclasses of settings.

    Attributes:
        section: the path of the section, as `train.schedule`; "" is the whole configuration.
    """

    section: ClassVar[str]

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):  # type: ignore[arg-type]
            kind = field.metadata.get("kind")
            if kind is not None:
                check_kind(self.key(field.name), getattr(self, field.name), kind)

    @classmethod
    def key(cls, name: str) -> str:
        """Return the full key of a setting of this section."""
        return f"{cls.section}.{name}" if cls.section else name

    @classmethod
    def of(cls, values: object) -> Self:
        """Build the section from the given values; all other settings keep their defaults.

        Args:
            values: a plain mapping.

        Raises:
            UserError: the values are not a mapping, or have an unknown key or a value that is
                not allowed.
        """
        if not isinstance(values, Mapping):
            raise UserError(f"{cls.section} must be a mapping, got {values!r}")
        fields = {field.name: field for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
        for name in values:
            if name not in fields:
                raise UserError(unknown_key(cls.key(str(name)), fields))
        sections = cls.sections()
        made = {n: sections[n].of(v) if n in sections else v for n, v in values.items()}
        return cls(**made)

    @classmethod
    def sections(cls) -> dict[str, type["Settings"]]:
        """Return the fields that are sections themselves, with their classes."""
        hints = get_type_hints(cls)
        fields = dataclasses.fields(cls)  # type: ignore[arg-type]
        kinds = {field.name: hints[field.name] for field in fields}
        return {n: k for n, k in kinds.items() if isinstance(k, type) and issubclass(k, Settings)}


def check_kind(key: str, value: object, kind: Kind) -> None:
    """Raise UserError for a value that a kind does not allow."""
    if not kind.allows(value):
        hint = did_you_mean(value, kind.names) or as_a_text(key, value, kind.allows)
        raise UserError(f"{key} must be {kind.words}, got {value!r}{hint}")


def as_a_text(key: str, value: object, allows: Test) -> str:
    """Return how to write a text that was read as a number; "" if the text is not allowed either.

    A study named 2024_11 is read as 202411.
    """
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not allows(text := typed(key, value)):
        return ""
    return f", a number; as a text: {as_override(key, text)}"


def plain(value: Any) -> Any:  # noqa: ANN401
    """Return a configuration value as plain lists and mappings."""
    return OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value


def unknown_key(key: str, allowed: Mapping[str, object]) -> str:
    """Return the message for an unknown key, with the nearest known one and all of them."""
    hint = did_you_mean(key.rpartition(".")[2], allowed)
    return f"{key}: there is no such key{hint}; the keys are: {', '.join(allowed)}"
