"""Reading of stored configurations, which may come from someone else.

A stored configuration is plain: everything in it was resolved before it was written. The parser
therefore refuses whatever could read the environment of this process or take all of its memory.
"""

from pathlib import Path
from typing import Any

import yaml
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from data_gen.reading import read_checked
from experiments.settings.errors import UserError, message
from experiments.settings.moved import without_gone
from experiments.settings.predicates import is_name

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C version is ten times faster
MOST_BYTES = 2**20
MOST_DEPTH = 40  # of mappings and lists; more than 1,000 crash the C version of the parser
# What the parser raises for wrong values of tags, such as `!!timestamp x`.
DAMAGES = (ValueError, TypeError, LookupError, AttributeError, OverflowError)
NAMES = ("study", "label", "task_label")
ENTRIES = ("train.distribution", "transfer.distributions", "transfer.edge_weights")
OPENING = (yaml.MappingStartEvent, yaml.SequenceStartEvent)
CLOSING = (yaml.MappingEndEvent, yaml.SequenceEndEvent)


def read_config(path: Path, folder: Path | None = None) -> DictConfig:
    """Read a stored configuration.

    Args:
        path: the file.
        folder: the folder that no link may leave, with the sums of its files; None: that of the
            file.

    Raises:
        UserError: the file cannot be read, or is not the plain configuration of a run.
    """
    try:
        text = read_checked(path, folder, MOST_BYTES).decode()
        _check_plain(text, path)
        plain = yaml.load(text, Loader=LOADER)
        config = OmegaConf.create(without_gone(plain) if isinstance(plain, dict) else {})
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from error
    except (yaml.YAMLError, OmegaConfBaseException, *DAMAGES) as error:
        raise UserError(f"{path}: cannot be read ({message(error)})") from error
    if "model" not in config or "task" not in config:
        raise UserError(f"{path}: not the configuration of a run")
    checked: Any = OmegaConf.to_container(config)
    _check_keys(checked, path)
    _check_names(checked, path)
    return config


def _check_plain(text: str, path: Path) -> None:
    """Raise UserError for interpolations, however they are written, for aliases, and for depth."""
    depth = 0
    for event in yaml.parse(text, Loader=LOADER):
        if isinstance(event, yaml.AliasEvent):
            raise UserError(f"{path}: a stored configuration must not have an alias")
        if isinstance(event, yaml.ScalarEvent) and "${" in event.value:
            raise UserError(f"{path}: a stored configuration must not have an interpolation")
        depth += isinstance(event, OPENING) - isinstance(event, CLOSING)
        if depth > MOST_DEPTH:
            raise UserError(f"{path}: a stored configuration must have at most {MOST_DEPTH} levels")


def _check_keys(value: Any, path: Path) -> None:  # noqa: ANN401
    """Raise UserError for keys of several types in one mapping, which have no order."""
    if isinstance(value, dict) and len({type(key) for key in value}) > 1:
        raise UserError(f"{path}: the keys of a mapping must be texts, got {list(value)!r:.100}")
    parts = value.values() if isinstance(value, dict) else value
    for part in parts if isinstance(value, (dict, list)) else ():
        _check_keys(part, path)


def _check_names(plain: dict[str, Any], path: Path) -> None:
    """Raise UserError for a name that could not have been given: tables and paths will have it."""
    given = {key: plain[key] for key in NAMES if key in plain}
    for key in ENTRIES:
        section, _, leaf = key.partition(".")
        part = plain.get(section)
        found = part.get(leaf) if isinstance(part, dict) else None
        given |= {f"a name of {key}": name for name in (found if isinstance(found, dict) else ())}
    for key, name in given.items():
        if not is_name(name):
            allowed = "a name of up to 100 letters, digits, _ . + and -"
            raise UserError(f"{path}: {key} must be {allowed}, got {name!r}")
