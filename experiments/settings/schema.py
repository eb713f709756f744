"""A setting in one place: its name, default, what it may be, and what it means.

A section of a configuration is a frozen dataclass of settings. Its constructor is the schema: it
refuses a value that is not allowed, and `conf/train.yaml` is written from its fields by
`python -m docs.pages.settings`.
"""

import dataclasses
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, ClassVar, NamedTuple, Self, get_type_hints

from omegaconf import OmegaConf

from experiments.settings.errors import UserError
from experiments.settings.predicates import Test


class Kind(NamedTuple):
    """What a setting may be."""

    allows: Test
    words: str  # completes "train.batch_size must be ..."
    wrong: tuple[object, ...] = ()  # values that are refused: tests try each of them


def setting(default: Any, kind: Kind, about: str = "") -> Any:  # noqa: ANN401
    """A field of a section.

    Args:
        default: its value where a configuration does not say.
        kind: what it may be.
        about: what it means, for the comment in the yaml.
    """
    metadata = {"kind": kind, "about": about}
    if isinstance(default, (list, dict)):
        return dataclasses.field(default_factory=lambda: type(default)(default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


class Settings:
    """A section of a configuration. Subclasses are frozen dataclasses of settings.

    Attributes:
        section: where the section stands, `train.schedule`; "" is the configuration itself.
    """

    section: ClassVar[str]

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):  # type: ignore[arg-type]
            kind = field.metadata.get("kind")
            if kind is not None:
                check_kind(self.key(field.name), getattr(self, field.name), kind)

    @classmethod
    def key(cls, name: str) -> str:
        """The full name of one of the settings."""
        return f"{cls.section}.{name}" if cls.section else name

    @classmethod
    def of(cls, values: object) -> Self:
        """The section with the given values, and the defaults of all others.

        Args:
            values: a plain mapping.

        Raises:
            UserError: it is no mapping, has a name that there is not, or a value that is not
                allowed.
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
        """The fields that are sections themselves."""
        hints = get_type_hints(cls)
        fields = dataclasses.fields(cls)  # type: ignore[arg-type]
        kinds = {field.name: hints[field.name] for field in fields}
        return {n: k for n, k in kinds.items() if isinstance(k, type) and issubclass(k, Settings)}


def check_kind(key: str, value: object, kind: Kind) -> None:
    """Raise UserError for a value that is not of a kind."""
    if not kind.allows(value):
        raise UserError(f"{key} must be {kind.words}, got {value!r}")


def plain(value: Any) -> Any:  # noqa: ANN401
    """A value of a configuration as plain lists and mappings."""
    return OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value


def unknown_key(key: str, allowed: Mapping[str, object]) -> str:
    """The line for a name that there is not, with the nearest of those that there are."""
    near = get_close_matches(key.rpartition(".")[2], list(allowed), n=1)
    hint = f", did you mean {near[0]}" if near else ""
    return f"{key}: there is no such key{hint}; these are: {', '.join(allowed)}"
