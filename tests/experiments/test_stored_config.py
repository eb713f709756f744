"""A stored configuration of a stranger reads nothing, takes no memory, and names nothing odd."""

import re

import pytest
from omegaconf import OmegaConf

from experiments.run.stored_config import read_config
from experiments.settings.errors import UserError
from tests.conftest import composed

SECRET = "a-value-of-the-environment"


@pytest.fixture(scope="module")
def text():
    config = composed()
    del config.tracking
    return OmegaConf.to_yaml(config, resolve=True)


def with_label(text, label):
    return re.sub(r"^label: .*$", lambda _: f"label: {label}", text, flags=re.MULTILINE)


def with_distribution(text, name):
    return text.replace("    geographic_threshold:", f"    {name}:", 1)


def aliases(depth):
    rows = [f"l0: &l0 [{','.join('1' * 10)}]"]
    rows += [f"l{i}: &l{i} [{','.join([f'*l{i - 1}'] * 10)}]" for i in range(1, depth)]
    return "\n".join(rows) + "\n"


def folded(text):
    return with_label(text, '"\\x24\\\n  {oc.env:MY_SECRET}"')


ATTACKS = {
    "plain": (lambda t: with_label(t, "${oc.env:MY_SECRET}"), "an interpolation"),
    "escaped": (lambda t: with_label(t, r'"\x24{oc.env:MY_SECRET}"'), "an interpolation"),
    "unicode": (lambda t: with_label(t, r'"\u0024{oc.env:MY_SECRET}"'), "an interpolation"),
    "folded": (folded, "an interpolation"),
    "in_a_key": (lambda t: r'"\x24{oc.env:MY_SECRET}": 1' + "\n" + t, "an interpolation"),
    "in_a_list": (lambda t: r'a: [[{b: "\x24{oc.env:MY_SECRET}"}]]' + "\n" + t, "an interpolation"),
    "aliases": (lambda t: aliases(8) + t, "an alias"),
    "itself": (lambda t: "a: &a [*a]\n" + t, "an alias"),
    "lists": (lambda t: "a: " + "[" * 500 + "]" * 500 + "\n" + t, "at most 40 levels"),
    "very_deep": (lambda t: "a: " + "[" * 60_000 + "]" * 60_000 + "\n" + t, "at most 40 levels"),
    "mappings": (lambda t: "a: " + "{b: " * 300 + "1" + "}" * 300 + "\n" + t, "at most 40 levels"),
    "large": (lambda t: t + "#" * 2**20, "must have at most"),
    "empty": (lambda _: "", "not the configuration of a run"),
    "null": (lambda _: "null\n", "not the configuration of a run"),
    "bytes": (lambda t: "a: !!binary aGVsbG8=\nb: !!set {x}\n" + t, "cannot be read"),
    "object": (lambda t: "a: !!python/object/apply:os.getcwd []\n" + t, "cannot be read"),
    "timestamp": (lambda t: "a: !!timestamp x\n" + t, "cannot be read"),
    "truth": (lambda t: "a: !!bool x\n" + t, "cannot be read"),
    "keys": (lambda t: "a: {1: x, b: y}\n" + t, "the keys of a mapping must be texts"),
    "formula": (lambda t: with_distribution(t, '"=cmd|x"'), "a name of up to 100 letters"),
    "newline": (lambda t: with_label(t, r'"a\nb"'), "label must be a name"),
    "script": (lambda t: with_label(t, "<script>"), "label must be a name"),
    "folder": (lambda t: with_label(t, "../x"), "label must be a name"),
    "number": (lambda t: with_label(t, "7"), "label must be a name"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_ends_in_one_line(tmp_path, text, attack, monkeypatch):
    monkeypatch.setenv("MY_SECRET", SECRET)
    change, words = ATTACKS[attack]
    path = tmp_path / "config.yaml"
    path.write_text(text)
    assert read_config(path).label == composed().label
    path.write_text(change(text))
    with pytest.raises(UserError, match=re.escape(words)) as raised:
        read_config(path)
    assert str(path) in str(raised.value)
    assert SECRET not in str(raised.value)
    assert "\n" not in str(raised.value)
