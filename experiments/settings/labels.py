"""Names in tables: of distributions, and of methods that differ in a setting."""

import re
from collections.abc import Mapping

from omegaconf import DictConfig, OmegaConf

from data_gen.seeding import content_hash
from experiments.settings.moved import current_names
from experiments.settings.places import CONF

MAX_LENGTH = 100  # of a label


def label(group: str, name: str, node: DictConfig) -> str:
    """`name`, or with other arguments than those of `conf/<group>/<name>.yaml`: `name theta=50`.

    So no two laws stand under one name, whatever was changed on the command line.
    """
    path = CONF / group / f"{name}.yaml"
    if not path.is_file():
        return name
    written = OmegaConf.load(path)
    assert isinstance(written, DictConfig)
    written = written[name]
    of_now = current_names(node).items()
    changed = [f"{key}={value}" for key, value in of_now if written.get(key) != value]
    return " ".join([name, *changed])


def labelled(label: str, settings: Mapping[str, object]) -> str:
    """A method's label with the settings that tell it from others: `deep_sets-hidden_dim-32`.

    Of letters that a label may have; one that is too long ends with the hash of what it was.
    """
    words = [f"{_short(key)}-{value}" for key, value in settings.items()]
    text = re.sub(r"[^\w.+-]+", "+", "-".join([label, *words])).strip("+")
    if len(text) > MAX_LENGTH:
        text = f"{text[: MAX_LENGTH - 9]}-{content_hash(text)[:8]}"
    return text


def _short(key: str) -> str:
    """A key without the sections that most settings are of: `lr`, `hidden_dim`, `val.every`."""
    return re.sub(r"^\+*(model\.|train\.optimizer\.)?", "", key.partition("@")[0])
