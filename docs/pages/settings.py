"""Write the yaml of all settings of a training from the dataclasses of its schema.

python -m docs.pages.settings    # writes conf/train.yaml
"""

import dataclasses
import inspect
import sys
import textwrap
from collections.abc import Iterator
from typing import Any

import yaml

from data_gen.files import write_atomically
from experiments.settings.places import CONF
from experiments.settings.run_settings import RunSettings
from experiments.settings.schema import Settings

PAGE = CONF / "train.yaml"
WIDTH = 110
HEAD = """# One training and its transfer table: python -m experiments.train
# Written by `python -m docs.pages.settings` from experiments/settings/.
defaults:
  - _self_
  - task: shortest_path
  - model: encode_process_decode
  - learning: supervised # how it is trained
  - tracking: "off" # wandb, tensorboard: a mirror of the run folder; not part of a run's identity
  - experiment: null
  - override hydra/sweeper: study
  - override hydra/job_logging: none
  - override hydra/hydra_logging: none

"""
TAIL = """
model:
  # another model, or a number: hidden_dim is chosen to have as many parameters, within 10 %
  match_parameters_of: null

hydra:
  run: {dir: .}
  output_subdir: null
  sweep: {dir: "${machine.runs_dir}/${study}", subdir: .}
  job: {chdir: false}
"""


def page() -> str:
    """Return the text of the yaml."""
    return HEAD + "\n".join(_lines(RunSettings, "")) + "\n" + TAIL


def _lines(kind: type[Settings], indent: str) -> Iterator[str]:
    """Yield the settings of a section, then its inner sections, with their comments."""
    sections = kind.sections()
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]
        if field.name in sections:
            inner = sections[field.name]
            about = (inspect.getdoc(inner) or "").partition("\n")[0].rstrip(".")
            if not indent:
                yield ""
            yield f"{indent}{field.name}: # {about[:1].lower()}{about[1:]}"
            yield from _lines(inner, f"{indent}  ")
        else:
            yield from _setting(field, indent)


def _setting(field: "dataclasses.Field[Any]", indent: str) -> list[str]:
    """Write a setting with its default; a long comment is put above it."""
    made = field.default_factory
    default = field.default if made is dataclasses.MISSING else made()
    text = _yaml(field.name, default, indent)
    about = field.metadata["about"]
    if not about:
        return text
    if len(text) == 1 and len(f"{text[0]} # {about}") <= WIDTH:
        return [f"{text[0]} # {about}"]
    comment = textwrap.wrap(about, WIDTH - len(indent) - 2)
    return [*(f"{indent}# {line}" for line in comment), *text]


def _yaml(name: str, value: object, indent: str) -> list[str]:
    """Write a value as yaml: non-empty mappings on several lines, other values on one."""
    if isinstance(value, dict) and value:
        inner = [_yaml(str(k), v, f"{indent}  ") for k, v in value.items()]
        return [f"{indent}{name}:", *(line for lines in inner for line in lines)]
    flow = yaml.safe_dump(value, default_flow_style=True, width=10**6).removesuffix("...\n")
    return [f"{indent}{name}: {flow.strip()}"]


if __name__ == "__main__":
    write_atomically(PAGE, lambda path: path.write_text(page()))
    sys.stdout.write(f"{PAGE.relative_to(CONF.parent)}\n")
