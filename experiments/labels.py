"""Names in tables: of distributions, and of methods that differ in a setting."""

import re
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

CONF = Path(__file__).parent.parent / "conf"


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
    changed = [f"{key}={value}" for key, value in node.items() if written.get(key) != value]
    return " ".join([name, *changed])


def short_setting(key: str, value: object) -> str:
    """Of `train.optimizer.lr` and 0.01 the text lr-0.01, of letters that a label may have."""
    leaf = key.partition("@")[0].lstrip("+").rpartition(".")[2]
    return re.sub(r"[^\w.+-]+", "+", f"{leaf}-{value}").strip("+")
