"""Labels in tables: names of distributions, and of methods that differ in a setting."""

import re
from collections.abc import Mapping

from omegaconf import DictConfig, OmegaConf

from data_gen.seeding import content_hash
from experiments.settings.moved import current_names
from experiments.settings.places import CONF

MAX_LENGTH = 100  # characters of a label


def label(group: str, name: str, node: DictConfig) -> str:
    """Return `name` with every argument that differs from its yaml: `name theta=50`.

    The yaml is `conf/<group>/<name>.yaml`. Two laws therefore never share a label, even after
    changes on the command line.
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
    """Return a method's label with the settings that distinguish it: `deep_sets-hidden_dim-32`.

    Characters that a label may not have become +; a label that is too long is cut and ends with
    the hash of the full one.
    """
    words = [f"{_short(key)}-{value}" for key, value in settings.items()]
    text = re.sub(r"[^\w.+-]+", "+", "-".join([label, *words])).strip("+")
    if len(text) > MAX_LENGTH:
        text = f"{text[: MAX_LENGTH - 9]}-{content_hash(text)[:8]}"
    return text


def _short(key: str) -> str:
    """Return a key without the two most common sections: `lr`, `hidden_dim`, `val.every`."""
    return re.sub(r"^\+*(model\.|train\.optimizer\.)?", "", key.partition("@")[0])
